using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Errors;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Resources;

namespace RocketOps.Embedded.Api.Builtins;

/// <summary>Services: addresses and ports that the server allocates.</summary>
internal sealed class ServiceRules(JsonObject kind) : KindRules(kind)
{
    public override void PrepareForCreate(JsonObject obj, RulesContext context)
    {
        base.PrepareForCreate(obj, context);
        Allocate(obj.EnsureChild("spec"), context);
    }

    /// <summary>Keeps what the server allocated when an update leaves it out.</summary>
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

            foreach (JsonObject port in spec.Objects("ports"))
            {
                JsonObject? same = before.Objects("ports")
                    .FirstOrDefault(p => JsonNodes.Same(p["port"], port["port"]) && JsonNodes.Same(p["protocol"], port["protocol"]));
                if (spec.Text("type") is "NodePort" or "LoadBalancer" && (port.Integer("nodePort") ?? 0) == 0 && same?["nodePort"] is { } node)
                {
                    port["nodePort"] = node.DeepClone();
                }
            }
        }

        Allocate(spec, context);
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

        foreach (JsonObject port in spec.Objects("ports"))
        {
            if ((port.Integer("nodePort") ?? 0) == 0)
            {
                port["nodePort"] = addresses.NextNodePort() ?? throw ApiErrors.Internal("Internal error occurred: failed to allocate a nodePort: range is full");
            }
        }
    }
}
