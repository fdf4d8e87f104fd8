using RocketOps.Embedded.Kubelet.Controllers;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;

namespace RocketOps.Embedded.Kubelet.Network;

/// <summary>
/// Keeps the hosts file: every Service name stands for the addresses of its ready pods (of all its pods when it
/// publishes addresses that are not ready), headless or not: our own programs spare themselves the way through the
/// proxy of cluster addresses; and each pod with a hostname in the Service's subdomain has its own name.
/// </summary>
internal sealed class ServiceHosts(ObjectCache services, ObjectCache pods, HostsFile hosts)
{
    /// <summary>The only key: the file is written as a whole.</summary>
    public static readonly ObjectKey Key = new(null, "hosts");

    public Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        hosts.Write(Entries());
        return Task.FromResult<TimeSpan?>(null);
    }

    private IEnumerable<HostsEntry> Entries()
    {
        foreach (KubernetesObject service in services.List())
        {
            bool publishNotReady = service.ServiceSpec().PublishNotReadyAddresses == true;
            foreach (KubernetesObject pod in ServiceMembers.Of(service, pods).Where(pod => publishNotReady || PodFactory.IsReady(pod)))
            {
                string? hostname = pod.PodSpec().Subdomain == service.Name ? pod.PodSpec().Hostname : null;
                string name = $"{service.Name}.{service.Namespace}";
                foreach (string form in Forms(name).Concat(hostname is null ? [] : Forms($"{hostname}.{name}")))
                {
                    yield return new HostsEntry(pod.PodStatus().PodIP!, form);
                }
            }
        }
    }

    private static IEnumerable<string> Forms(string name) => [name, $"{name}.svc", $"{name}.svc.cluster.local"];
}
