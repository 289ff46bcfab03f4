/** Listing tags (distribution-spec "Listing Tags"). */
import * as v from "valibot";
import { AceError } from "../errors.ts";
import { manifestLimitBytes } from "../oci/manifest.ts";
import { problemsOf } from "./http/problems.ts";
import { eachPage } from "./pages.ts";
import { failureAt, type Place, pathOf, scopesOf } from "./place.ts";

/** Tags a page; ECR refuses more. */
const pageSize = 1000;

// Go writes an empty list as null.
const schema = v.object({ tags: v.nullish(v.array(v.string())) });

/** Every tag, sorted: docker-registry 2.8 answers in any order. A repository that does not exist has none. */
export async function listTagsAt(place: Place): Promise<readonly string[]> {
  const subject = `tags of ${place.name}`;
  const tags = new Set<string>();
  await eachPage(
    place,
    {
      method: "GET",
      target: pathOf(place, `tags/list?n=${pageSize}`),
      subject,
      scopes: scopesOf(place, "pull"),
      headers: { accept: "application/json" },
      bodyLimitBytes: manifestLimitBytes,
    },
    (reply) => {
      if (reply.status === 404 && problemsOf(reply).some(({ code }) => code === "NAME_UNKNOWN")) return false;
      if (reply.status !== 200) throw failureAt(place, "list", subject, "pull", reply);
      const text = new TextDecoder().decode(reply.body);
      const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
      if (!result.success)
        throw new AceError("registry", `Cannot list ${subject}: the answer is no tag list`);
      for (const tag of result.output.tags ?? []) tags.add(tag);
      return true;
    },
  );
  return [...tags].sort();
}
