/** The commented sample that `ace-dt config --sample` prints. `sed 's/^# //'` turns it into a file that sets every key. */
import { apiVersion, kind } from "./schema.ts";

/** Explanations start with `## `, settings with `# `. */
export const sampleConfig = `## Configuration of ace-dt. The first of these files that exists is used, and only that one:
##   every --config FILE, else every file of ACE_DT_CONFIG (separated by colons), else
##   ./ace-dt-config.yaml, $XDG_CONFIG_HOME/ace/dt/config.yaml (~/.config), /etc/ace/dt/config.yaml
## Take the "# " off a line to use its setting.
apiVersion: ${apiVersion}
kind: ${kind}

## Directory of the local store. ACE_DT_CACHE_PATH wins over it; set that to nothing to switch the store off.
## When it is named, gather, clone and archive keep there what they read, for registries that are far away.
## Default: $XDG_CACHE_HOME/ace/dt (~/.cache/ace/dt), where nothing is kept without need
# cachePath: /var/cache/ace/dt

## The size to which "ace-dt util prune" cuts the store. ACE_DT_CACHE_PRUNE_MAX wins over it.
# cachePruneMax: 500Mi

## Blobs above this size are uploaded in chunks of it; 0 means never. ACE_DT_CHUNK_SIZE wins over it.
# chunkSize: 100Mi

## Connections at once, 1 to 1000. ACE_DT_CONCURRENT_HTTP wins over it.
# concurrentHTTP: 25

## The one file with credentials, in the format of Docker's config.json. ACE_DT_REGISTRY_AUTH_FILE wins over it; without
## both REGISTRY_AUTH_FILE is used, else DOCKER_AUTH_CONFIG (the JSON itself), $DOCKER_CONFIG/config.json
## (~/.docker/config.json) and Podman's auth.json, in this order.
# registryAuthFile: /etc/ace/dt/auth.json

# registryConfig:
#   registries:
## A registry, under the name that references use for it.
#     docker.io:
## Where to find it, tried in order. Default: https:// and the name. Only a URL with http:// makes plain HTTP.
#       endpoints:
#         - https://mirror.example.com
#         - https://registry-1.docker.io
## For pulls only: the first regular expression (RE2) that matches the repository replaces what it matches. $1 is the
## first group; before a letter, a digit or an underscore write \${1}.
#       rewritePull:
#         "^rancher/(.*)": "ace/dt/rancher-images/$1"
#         "^ubuntu/(.*)": "ace/dt/ubuntu-images/$1"
#     localhost:5000:
#       endpoints:
#         - http://localhost:5000
#     artifactory.example.com:
## True: one token for the whole host instead of one for each scope, for servers that ask again for every scope.
#       noncompliant: true
## Settings of an endpoint, under its URL.
#   endpointConfig:
#     https://mirror.example.com:
#       tls:
## True: take any certificate. It holds for this endpoint and no other.
#         insecureSkipVerify: false
## How to list what refers to an image: api (OCI 1.1), tag (the fallback), or auto, which finds out.
#       supportsReferrers: auto

## Certificates are no keys of this file. For an endpoint HOST they lie in the first of these directories that exists:
##   /etc/containerd/certs.d/HOST, /etc/docker/certs.d/HOST, ~/.docker/certs.d/HOST
## as ca.pem, cert.pem, key.pem, or as Docker names them: *.crt, X.cert, X.key.

## These keys of the original are accepted and have no use here.
# compressionLevel: normal
# editor: nano
# hideProgress: false
# telemetry: []
# telemetryUserName: ""
# keys: []
`;
