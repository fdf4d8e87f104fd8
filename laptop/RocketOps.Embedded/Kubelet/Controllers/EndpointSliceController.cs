using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>One EndpointSlice per Service with a selector: the pods behind it, ready or not.</summary>
internal sealed class EndpointSliceController(ObjectCache services, ObjectCache pods, ObjectCache slices)
{
    private const string ServiceLabel = "kubernetes.io/service-name";
    private const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    private const string Manager = "rocketops-kubelet";

    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (services.Find(key) is not { IsDeleting: false } service || !service.Spec.Has("selector"))
        {
            // The slice goes by its owner reference; a Service without selector has endpoints of somebody else's making.
            return null;
        }

        JsonArray endpoints = Endpoints(service);
        JsonArray ports = Ports(service);
        string name = $"{service.Name}-{service.Uid[..Math.Min(5, service.Uid.Length)]}";
        if (slices.Find(service.Namespace, name) is not { } slice)
        {
            await slices.CreateAsync(NewSlice(service, name, endpoints, ports), cancellation);
            return null;
        }

        if (JsonNode.DeepEquals(endpoints, slice.Json.Field("endpoints").ToNode()) && JsonNode.DeepEquals(ports, slice.Json.Field("ports").ToNode()))
        {
            return null;
        }

        await slices.PatchAsync(slice, new JsonObject { ["endpoints"] = endpoints, ["ports"] = ports }, cancellation);
        return null;
    }

    private static JsonObject NewSlice(KubernetesObject service, string name, JsonArray endpoints, JsonArray ports) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = service.Namespace,
            ["labels"] = new JsonObject { [ServiceLabel] = service.Name, [ManagedByLabel] = Manager },
            ["ownerReferences"] = new JsonArray(PodFactory.OwnerReference(service)),
        },
        ["addressType"] = "IPv4",
        ["endpoints"] = endpoints,
        ["ports"] = ports,
    };

    private JsonArray Endpoints(KubernetesObject service)
    {
        bool publishNotReady = service.Spec.Flag("publishNotReadyAddresses") == true;
        return JsonNodes.Array(ServiceMembers.Of(service, pods).OrderBy(pod => pod.Name, StringComparer.Ordinal).Select(pod => Endpoint(service, pod, publishNotReady)));
    }

    private static JsonObject Endpoint(KubernetesObject service, KubernetesObject pod, bool publishNotReady)
    {
        bool isServing = pod.HasCondition("Ready");
        JsonObject endpoint = new()
        {
            ["addresses"] = new JsonArray(pod.Status.Text("podIP")!),
            ["conditions"] = new JsonObject
            {
                ["ready"] = publishNotReady || (isServing && !pod.IsDeleting),
                ["serving"] = isServing,
                ["terminating"] = pod.IsDeleting,
            },
            ["nodeName"] = pod.Spec.Text("nodeName"),
            ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["name"] = pod.Name, ["namespace"] = pod.Namespace, ["uid"] = pod.Uid },
        };
        if (pod.Spec.Text("subdomain") == service.Name && pod.Spec.Text("hostname") is { } hostname)
        {
            endpoint["hostname"] = hostname;
        }

        return endpoint;
    }

    private JsonArray Ports(KubernetesObject service) => JsonNodes.Array(service.Spec.Items("ports")
        .Select(port => (Port: port, Number: ServiceMembers.TargetPort(service, port, pods)))
        .Where(port => port.Number is not null)
        .Select(port => new JsonObject { ["name"] = port.Port.Text("name") ?? "", ["port"] = port.Number, ["protocol"] = port.Port.Text("protocol") ?? "TCP" }));
}
