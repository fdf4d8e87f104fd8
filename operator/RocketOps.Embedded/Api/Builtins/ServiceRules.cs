using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

internal sealed class ServiceRules : ResourceRules
{
    public override bool AllowsCreateOnUpdate => true;

    public override bool NamesAreLabels => true;

    public override void ApplyDefaults(JsonObject obj)
    {
        JsonObject spec = obj.EnsureChild("spec");
        spec.SetIfAbsent("sessionAffinity", "None");
        spec.SetIfAbsent("type", "ClusterIP");
        string type = spec.Text("type") ?? "ClusterIP";
        if (spec.Text("sessionAffinity") == "ClientIP")
        {
            spec.EnsureChild("sessionAffinityConfig").EnsureChild("clientIP").SetIfAbsent("timeoutSeconds", 10_800L);
        }

        foreach (JsonObject port in (spec.Items("ports") ?? []).OfType<JsonObject>())
        {
            port.SetIfAbsent("protocol", "TCP");
            port.SetIfAbsent("targetPort", port["port"]?.DeepClone());
        }

        if (type == "ExternalName")
        {
            return;
        }

        spec.SetIfAbsent("internalTrafficPolicy", "Cluster");
        if (type is "NodePort" or "LoadBalancer")
        {
            spec.SetIfAbsent("externalTrafficPolicy", "Cluster");
        }

        if (type == "LoadBalancer")
        {
            spec.SetIfAbsent("allocateLoadBalancerNodePorts", true);
        }
    }

    public override void PrepareForCreate(JsonObject obj, RulesContext context)
    {
        obj["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };
        Allocate(obj.EnsureChild("spec"), context);
    }

    /// <summary>What the server allocated stays when an update leaves it out.</summary>
    public override void PrepareForUpdate(JsonObject obj, JsonObject old, RulesContext context)
    {
        JsonObject spec = obj.EnsureChild("spec");
        JsonObject before = old.EnsureChild("spec");
        if (spec.Text("type") != "ExternalName" && before.Text("type") != "ExternalName")
        {
            foreach (string name in (ReadOnlySpan<string>)["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"])
            {
                if (string.IsNullOrEmpty(spec[name].AsText()) && spec[name] is null or JsonValue && before[name] is { } kept)
                {
                    spec[name] = kept.DeepClone();
                }
            }

            foreach (JsonObject port in (spec.Items("ports") ?? []).OfType<JsonObject>())
            {
                JsonObject? same = (before.Items("ports") ?? []).OfType<JsonObject>()
                    .FirstOrDefault(p => JsonNodes.Same(p["port"], port["port"]) && JsonNodes.Same(p["protocol"], port["protocol"]));
                if (spec.Text("type") is "NodePort" or "LoadBalancer" && (port.Integer("nodePort") ?? 0) == 0 && same?["nodePort"] is { } node)
                {
                    port["nodePort"] = node.DeepClone();
                }
            }
        }

        Allocate(spec, context);
    }

    public override void Validate(JsonObject obj, JsonObject? old, RulesContext context, FieldErrors errors)
    {
        JsonObject spec = obj.EnsureChild("spec");
        string type = spec.Text("type") ?? "ClusterIP";
        if (type is not ("ClusterIP" or "NodePort" or "LoadBalancer" or "ExternalName"))
        {
            errors.NotSupported("spec.type", type, [JsonValue.Create("ClusterIP"), JsonValue.Create("ExternalName"), JsonValue.Create("LoadBalancer"), JsonValue.Create("NodePort")]);
        }

        JsonArray ports = spec.Items("ports") ?? [];
        if (ports.Count == 0 && type != "ExternalName" && spec.Text("clusterIP") != "None")
        {
            errors.Required("spec.ports");
        }

        for (int i = 0; i < ports.Count; i++)
        {
            if (ports[i] is not JsonObject port)
            {
                continue;
            }

            if (ports.Count > 1 && string.IsNullOrEmpty(port.Text("name")))
            {
                errors.Required($"spec.ports[{i}].name");
            }

            if (port.Integer("port") is not (>= 1 and <= 65_535))
            {
                errors.Invalid($"spec.ports[{i}].port", port["port"] ?? JsonValue.Create(0), "must be between 1 and 65535, inclusive");
            }
        }

        string? before = old?.EnsureChild("spec").Text("clusterIP");
        if (!string.IsNullOrEmpty(before) && type != "ExternalName" && spec.Text("clusterIP") != before)
        {
            errors.Invalid("spec.clusterIPs[0]", new JsonArray(spec.Text("clusterIP")), "may not change once set");
        }
    }

    public override JsonObject Zero() => new() { ["spec"] = new JsonObject() };

    public override JsonArray Cells(JsonElement obj, RulesContext context)
    {
        string type = CellText.Text(obj, "spec", "type");
        string external = type switch
        {
            "ExternalName" => CellText.Text(obj, "spec", "externalName"),
            "LoadBalancer" => string.Join(',', CellText.Items(obj, "status", "loadBalancer", "ingress").Select(i => CellText.TextOr(i, CellText.Text(i, "hostname"), "ip"))) is { Length: > 0 } ips ? ips : "<pending>",
            _ => string.Join(',', CellText.Items(obj, "spec", "externalIPs").Select(i => i.GetString())) is { Length: > 0 } given ? given : CellText.None,
        };
        return CellText.Row(
            CellText.Name(obj),
            type,
            CellText.TextOr(obj, CellText.None, "spec", "clusterIP"),
            external,
            string.Join(',', CellText.Items(obj, "spec", "ports").Select(Port)) is { Length: > 0 } ports ? ports : CellText.None,
            CellText.Age(obj, context),
            CellText.Selector(CellText.At(obj, "spec", "selector")));
    }

    private static string Port(JsonElement port)
    {
        string node = CellText.Number(port, "nodePort") is > 0 and var number ? $":{number}" : string.Empty;
        return $"{CellText.Number(port, "port")}{node}/{CellText.TextOr(port, "TCP", "protocol")}";
    }

    private static void Allocate(JsonObject spec, RulesContext context)
    {
        string type = spec.Text("type") ?? "ClusterIP";
        if (type == "ExternalName" || context.ServiceAddresses is not { } addresses)
        {
            return;
        }

        if (string.IsNullOrEmpty(spec.Text("clusterIP")))
        {
            spec["clusterIP"] = addresses.NextClusterIp() ?? throw ApiErrors.Internal("Internal error occurred: failed to allocate a serviceIP: range is full");
        }

        spec.SetIfAbsent("clusterIPs", new JsonArray(spec.Text("clusterIP")));
        bool dual = spec.Text("clusterIP") == "None" && spec.Child("selector") is not { Count: > 0 };
        spec.SetIfAbsent("ipFamilies", dual ? new JsonArray("IPv4", "IPv6") : new JsonArray("IPv4"));
        spec.SetIfAbsent("ipFamilyPolicy", dual ? "RequireDualStack" : "SingleStack");
        if (type is not ("NodePort" or "LoadBalancer"))
        {
            return;
        }

        foreach (JsonObject port in (spec.Items("ports") ?? []).OfType<JsonObject>())
        {
            if ((port.Integer("nodePort") ?? 0) == 0)
            {
                port["nodePort"] = addresses.NextNodePort() ?? throw ApiErrors.Internal("Internal error occurred: failed to allocate a nodePort: range is full");
            }
        }
    }
}
