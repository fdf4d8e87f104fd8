using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Controllers;

/// <summary>One EndpointSlice per Service with a selector: the pods behind it, ready or not.</summary>
internal sealed class EndpointSliceController(ObjectCache services, ObjectCache pods, ObjectCache slices)
{
    private const string ServiceLabel = "kubernetes.io/service-name";
    private const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";
    private const string Manager = "rocketops-kubelet";

    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        if (services.Find(key) is not { IsDeleting: false } service || service.ServiceSpec().Selector is null)
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
        bool publishNotReady = service.ServiceSpec().PublishNotReadyAddresses == true;
        return JsonNodes.Array(ServiceMembers.Of(service, pods).OrderBy(pod => pod.Name, StringComparer.Ordinal).Select(pod => Endpoint(service, pod, publishNotReady)));
    }

    private static JsonObject Endpoint(KubernetesObject service, KubernetesObject pod, bool publishNotReady)
    {
        PodSpec spec = pod.PodSpec();
        bool isServing = pod.HasCondition("Ready");
        JsonObject endpoint = new()
        {
            ["addresses"] = new JsonArray(pod.PodStatus().PodIP!),
            ["conditions"] = new JsonObject
            {
                ["ready"] = publishNotReady || (isServing && !pod.IsDeleting),
                ["serving"] = isServing,
                ["terminating"] = pod.IsDeleting,
            },
            ["nodeName"] = spec.NodeName,
            ["targetRef"] = new JsonObject { ["kind"] = "Pod", ["name"] = pod.Name, ["namespace"] = pod.Namespace, ["uid"] = pod.Uid },
        };
        if (spec.Subdomain == service.Name && spec.Hostname is { } hostname)
        {
            endpoint["hostname"] = hostname;
        }

        return endpoint;
    }

    private JsonArray Ports(KubernetesObject service) => JsonNodes.Array((service.ServiceSpec().Ports ?? [])
        .Select(port => (Port: port, Number: ServiceMembers.TargetPort(service, port, pods)))
        .Where(port => port.Number is not null)
        .Select(port => new JsonObject { ["name"] = port.Port.Name ?? "", ["port"] = port.Number, ["protocol"] = port.Port.Protocol ?? "TCP" }));
}
