/** The dot of a mapping template: a descriptor as Go's v1.Descriptor (image-spec 1.1.1, specs-go/v1/descriptor.go). */
import type { Platform } from "../oci/platform.ts";
import { bytesToString, encodeText } from "../template/go/utf8.ts";
import {
  bytes,
  dict,
  int64,
  nilMap,
  nilSlice,
  pointer,
  str,
  strings,
  struct,
} from "../template/values/make.ts";
import type { StructValue, Value } from "../template/values/model.ts";
import {
  bytesType,
  int64Type,
  pointerTo,
  stringMapType,
  stringSliceType,
  stringType,
  structType,
  uint8Type,
} from "../template/values/types.ts";
import { digestType } from "./digest-type.ts";

const platformType = structType("v1.Platform", [
  { name: "Architecture", type: stringType, json: "architecture" },
  { name: "OS", type: stringType, json: "os" },
  { name: "OSVersion", type: stringType, json: "os.version,omitempty" },
  { name: "OSFeatures", type: stringSliceType, json: "os.features,omitempty" },
  { name: "Variant", type: stringType, json: "variant,omitempty" },
]);

const platformPointerType = pointerTo(platformType);

const descriptorType = structType("v1.Descriptor", [
  { name: "MediaType", type: stringType, json: "mediaType" },
  { name: "Digest", type: digestType, json: "digest" },
  { name: "Size", type: int64Type, json: "size" },
  { name: "URLs", type: stringSliceType, json: "urls,omitempty" },
  { name: "Annotations", type: stringMapType, json: "annotations,omitempty" },
  { name: "Data", type: bytesType, json: "data,omitempty" },
  { name: "Platform", type: platformPointerType, json: "platform,omitempty" },
  { name: "ArtifactType", type: stringType, json: "artifactType,omitempty" },
]);

/** What a descriptor must have to be shown to a template; looser than the one of `oci`, which has a good digest. */
export interface TemplateDescriptor {
  mediaType: string;
  digest: string;
  /** Bytes. */
  size: number;
  urls?: readonly string[] | undefined;
  annotations?: Readonly<Record<string, string>> | undefined;
  /** Base64. */
  data?: string | undefined;
  platform?: Platform | undefined;
  artifactType?: string | undefined;
}

/** The descriptor as a template's dot. */
export function descriptorValue(descriptor: TemplateDescriptor): StructValue {
  return struct(descriptorType, {
    MediaType: text(descriptor.mediaType),
    Digest: str(encodeText(descriptor.digest), digestType),
    Size: int64(descriptor.size),
    URLs: texts(descriptor.urls),
    Annotations: annotations(descriptor.annotations),
    Data:
      descriptor.data === undefined
        ? nilSlice(uint8Type)
        : bytes(bytesToString(Buffer.from(descriptor.data, "base64"))),
    Platform: pointer(platformPointerType, descriptor.platform && platformValue(descriptor.platform)),
    ArtifactType: text(descriptor.artifactType),
  });
}

function platformValue(platform: Platform): StructValue {
  return struct(platformType, {
    Architecture: text(platform.architecture),
    OS: text(platform.os),
    OSVersion: text(platform["os.version"]),
    OSFeatures: texts(platform["os.features"]),
    Variant: text(platform.variant),
  });
}

function text(value: string | undefined): Value {
  return str(encodeText(value ?? ""));
}

function texts(values: readonly string[] | undefined): Value {
  return values === undefined ? nilSlice(stringType) : strings(values.map(encodeText));
}

function annotations(values: Readonly<Record<string, string>> | undefined): Value {
  if (values === undefined) return nilMap(stringType);
  return dict(
    new Map(Object.entries(values).map(([key, value]) => [encodeText(key), text(value)])),
    stringType,
  );
}
