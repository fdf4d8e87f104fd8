using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Defaults and validation of pod specs, alone and in templates (reference: embedded-api.md §12, §13).</summary>
internal static class PodSpecs
{
    public static void ApplyTemplateDefaults(JsonObject spec)
    {
        if (spec.Child("template") is { } template)
        {
            ApplyDefaults(template.EnsureChild("spec"));
        }
    }

    /// <summary>An empty pod template of the real server's Go type.</summary>
    public static JsonObject ZeroTemplate() => new() { ["metadata"] = new JsonObject(), ["spec"] = new JsonObject { ["containers"] = null } };

    public static void ApplyDefaults(JsonObject spec)
    {
        spec.SetIfAbsent("restartPolicy", "Always");
        spec.SetIfAbsent("terminationGracePeriodSeconds", 30L);
        spec.SetIfAbsent("dnsPolicy", "ClusterFirst");
        spec.SetIfAbsent("securityContext", new JsonObject());
        spec.SetIfAbsent("schedulerName", "default-scheduler");
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
        {
            // The old name of the field goes along.
            spec["serviceAccount"] = account;
        }
        else if (spec.Text("serviceAccount") is { Length: > 0 } old)
        {
            spec["serviceAccountName"] = old;
        }

        foreach (string list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            foreach (JsonObject container in (spec.Items(list) ?? []).OfType<JsonObject>())
            {
                ApplyContainer(container);
            }
        }

        foreach (JsonObject volume in (spec.Items("volumes") ?? []).OfType<JsonObject>())
        {
            ApplyVolume(volume);
        }
    }

    public static void Validate(JsonObject spec, string path, FieldErrors errors)
    {
        JsonArray containers = spec.Items("containers") ?? [];
        if (containers.Count == 0)
        {
            errors.Required($"{path}.containers");
        }

        HashSet<string> names = new(StringComparer.Ordinal);
        HashSet<string?> volumes = [.. (spec.Items("volumes") ?? []).OfType<JsonObject>().Select(v => v.Text("name"))];
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
            for (int m = 0; m < mounts.Count; m++)
            {
                // Claims of a StatefulSet become volumes of its pods only; the real server checks mounts against both later.
                if (mounts[m] is JsonObject mount && path == "spec" && !volumes.Contains(mount.Text("name")))
                {
                    errors.Add("FieldValueNotFound", $"Not found: {mount["name"].ToText()}", $"{at}.volumeMounts[{m}].name");
                }
            }
        }
    }

    private static void ApplyContainer(JsonObject container)
    {
        container.SetIfAbsent("resources", new JsonObject());
        container.SetIfAbsent("terminationMessagePath", "/dev/termination-log");
        container.SetIfAbsent("terminationMessagePolicy", "File");
        string image = container.Text("image") ?? string.Empty;
        string last = image[(image.LastIndexOf('/') + 1)..];
        bool latest = !image.Contains('@', StringComparison.Ordinal) && (!last.Contains(':', StringComparison.Ordinal) || last.EndsWith(":latest", StringComparison.Ordinal));
        container.SetIfAbsent("imagePullPolicy", latest ? "Always" : "IfNotPresent");
        foreach (JsonObject port in (container.Items("ports") ?? []).OfType<JsonObject>())
        {
            port.SetIfAbsent("protocol", "TCP");
        }

        foreach (JsonObject variable in (container.Items("env") ?? []).OfType<JsonObject>())
        {
            if (variable.Text("value") is { Length: 0 })
            {
                variable.Remove("value");
            }

            variable.At("valueFrom", "fieldRef")?.SetIfAbsent("apiVersion", "v1");
            variable.At("valueFrom", "resourceFieldRef")?.SetIfAbsent("divisor", "0");
        }

        foreach (string probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
        {
            if (container.Child(probe) is { } p)
            {
                ApplyProbe(p);
            }
        }

        foreach (string hook in (ReadOnlySpan<string>)["postStart", "preStop"])
        {
            ApplyHttpGet(container.At("lifecycle", hook)?.Child("httpGet"));
        }
    }

    private static void ApplyProbe(JsonObject probe)
    {
        probe.SetIfAbsent("timeoutSeconds", 1L);
        probe.SetIfAbsent("periodSeconds", 10L);
        probe.SetIfAbsent("successThreshold", 1L);
        probe.SetIfAbsent("failureThreshold", 3L);
        ApplyHttpGet(probe.Child("httpGet"));
        probe.Child("grpc")?.SetIfAbsent("service", string.Empty);
    }

    private static void ApplyHttpGet(JsonObject? get)
    {
        get?.SetIfAbsent("path", "/");
        get?.SetIfAbsent("scheme", "HTTP");
    }

    private static void ApplyVolume(JsonObject volume)
    {
        if (volume.Count == 1 && volume.ContainsKey("name"))
        {
            volume["emptyDir"] = new JsonObject();
        }

        foreach (string source in (ReadOnlySpan<string>)["secret", "configMap", "projected", "downwardAPI"])
        {
            volume.Child(source)?.SetIfAbsent("defaultMode", 420L);
        }

        volume.Child("hostPath")?.SetIfAbsent("type", string.Empty);
        ApplyDownward(volume.Child("downwardAPI"));
        foreach (JsonObject source in (volume.Child("projected")?.Items("sources") ?? []).OfType<JsonObject>())
        {
            source.Child("serviceAccountToken")?.SetIfAbsent("expirationSeconds", 3600L);
            ApplyDownward(source.Child("downwardAPI"));
        }
    }

    private static void ApplyDownward(JsonObject? downward)
    {
        foreach (JsonObject item in (downward?.Items("items") ?? []).OfType<JsonObject>())
        {
            item.Child("fieldRef")?.SetIfAbsent("apiVersion", "v1");
        }
    }
}
