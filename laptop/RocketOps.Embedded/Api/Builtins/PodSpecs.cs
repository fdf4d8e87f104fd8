using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Validation of pod specs, alone and in templates (reference: embedded-api.md §12, §13).</summary>
internal static class PodSpecs
{
    public static void Validate(JsonObject spec, string path, FieldErrors errors)
    {
        JsonArray containers = spec.Items("containers") ?? [];
        if (containers.Count == 0)
        {
            errors.Required($"{path}.containers");
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        HashSet<string?> volumes = [.. spec.Objects("volumes").Select(v => v.Text("name"))];
        for (int i = 0; i < containers.Count; i++)
        {
            if (containers[i] is not JsonObject container)
            {
                continue;
            }

            string at = $"{path}.containers[{i}]";
            string name = container.Text("name") ?? string.Empty;
            if (name.Length == 0)
            {
                errors.Required($"{at}.name");
            }
            else if (!names.Add(name))
            {
                errors.Duplicate($"{at}.name", name);
            }

            if (string.IsNullOrEmpty(container.Text("image")))
            {
                errors.Required($"{at}.image");
            }

            JsonArray mounts = container.Items("volumeMounts") ?? [];
            // Claims of a StatefulSet become volumes of its pods only; the real server checks mounts against both later.
            for (int m = 0; m < mounts.Count && path == "spec"; m++)
            {
                if (mounts[m] is JsonObject mount && !volumes.Contains(mount.Text("name")))
                {
                    errors.Add("FieldValueNotFound", $"Not found: {mount["name"].ToText()}", $"{at}.volumeMounts[{m}].name");
                }
            }
        }
    }
}
