using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using RocketOps.Embedded.Kubelet.Controllers;
using RocketOps.Embedded.Kubelet.Objects;
using RocketOps.Kubernetes.Dynamic;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Events;
using RocketOps.Kubernetes.Models;

namespace RocketOps.Embedded.Kubelet.Network;

/// <summary>
/// Proxy like kube-proxy: a Service's TCP ports at its cluster address lead to its ready pods or, without selector, to what slices name.
/// Services for programs of this machine get a port of 127.0.0.1 too, the same at every start unless something else has taken it.
/// </summary>
internal sealed class ServiceProxy(
    ObjectCache services,
    ObjectCache pods,
    ObjectCache slices,
    AddressBook book,
    IReadOnlyDictionary<string, string> hostLabels,
    TimeSpan connectTimeout,
    IEventRecorder events,
    TimeProvider time,
    ILogger logger) : IAsyncDisposable
{
    private const int HostPortsToTry = 100;
    private static readonly TimeSpan TakenRetry = TimeSpan.FromSeconds(5);

    // By service, then by the address that was asked for; the controller's loop alone changes them.
    private readonly Dictionary<ObjectKey, Dictionary<string, TcpForwarder>> _forwarders = [];
    private readonly HashSet<(string Uid, string Address)> _told = [];
    private readonly ConcurrentDictionary<string, string> _hostAddresses = new(StringComparer.Ordinal);

    /// <summary>Keys of Services, each with its address on 127.0.0.1.</summary>
    public IReadOnlyDictionary<string, string> HostAddresses => _hostAddresses;

    public async Task<TimeSpan?> ReconcileAsync(ObjectKey key, CancellationToken cancellation)
    {
        Dictionary<string, TcpForwarder> current = _forwarders.TryGetValue(key, out Dictionary<string, TcpForwarder>? known) ? known : _forwarders[key] = new(StringComparer.Ordinal);
        KubernetesObject? service = services.Find(key);
        List<int> ports = service is null ? [] : Ports(service);
        IPAddress? address = IPAddress.TryParse(service?.ServiceSpec().ClusterIP, out IPAddress? parsed) ? parsed : null;
        Dictionary<string, IPEndPoint> wanted = address is null ? [] : ports.ToDictionary(port => $"{address}:{port}", port => new IPEndPoint(address, port), StringComparer.Ordinal);
        string hostName = $"{key}:host";
        bool isOnHost = address is not null && ports.Count > 0 && IsOnHost(service!);
        foreach (string unwanted in current.Keys.Where(name => name == hostName ? !isOnHost : !wanted.ContainsKey(name)).ToList())
        {
            await current[unwanted].DisposeAsync();
            current.Remove(unwanted);
        }

        bool isComplete = true;
        foreach ((string name, IPEndPoint endPoint) in wanted)
        {
            isComplete &= current.ContainsKey(name) || TryListen(service!, current, name, endPoint);
        }

        if (!isOnHost)
        {
            _hostAddresses.TryRemove(key.ToString(), out _);
        }
        else if (!current.ContainsKey(hostName))
        {
            isComplete &= TryListenOnHost(service!, current, hostName, ports[0]);
        }

        if (current.Count == 0 && service is null)
        {
            _forwarders.Remove(key);
        }

        return isComplete ? null : TakenRetry;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TcpForwarder forwarder in _forwarders.Values.SelectMany(forwarders => forwarders.Values))
        {
            await forwarder.DisposeAsync();
        }

        _forwarders.Clear();
    }

    private static List<int> Ports(KubernetesObject service) =>
        [.. TcpPorts(service).Select(static port => port.Port).Where(static number => number is >= 1 and <= IPEndPoint.MaxPort).Distinct()];

    private static IEnumerable<ServicePort> TcpPorts(KubernetesObject service) =>
        (service.ServiceSpec().Ports ?? []).Where(static port => port.Protocol is null or "TCP");

    private bool IsOnHost(KubernetesObject service) => hostLabels.Count > 0 && hostLabels.All(label => service.Label(label.Key) == label.Value);

    private bool TryListen(KubernetesObject service, Dictionary<string, TcpForwarder> current, string name, IPEndPoint endPoint)
    {
        try
        {
            current[name] = Listen(service, endPoint, endPoint.Port);
            return true;
        }
        catch (SocketException failure)
        {
            if (_told.Add((service.Uid, name)))
            {
                events.Record(service, EventType.Warning, "FailedToListen", "Listen", $"Nothing listens at {endPoint}: {failure.Message}");
            }

            // What is no address of this machine does not become one.
            return failure.SocketErrorCode != SocketError.AddressAlreadyInUse;
        }
    }

    private bool TryListenOnHost(KubernetesObject service, Dictionary<string, TcpForwarder> current, string name, int port)
    {
        string key = service.Key().ToString();
        int preferred = book.Find(AddressBook.Service, key) ?? port;
        for (int candidate = preferred; candidate < preferred + HostPortsToTry && candidate <= IPEndPoint.MaxPort; candidate++)
        {
            if (candidate != book.Find(AddressBook.Service, key) && book.Keeps(AddressBook.Service, candidate))
            {
                continue;
            }

            try
            {
                current[name] = Listen(service, new IPEndPoint(IPAddress.Loopback, candidate), port);
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                continue;
            }

            if (book.Find(AddressBook.Service, key) is null)
            {
                // Only the first choice: whoever keeps it busy today may be gone tomorrow.
                book.Keep(AddressBook.Service, key, candidate);
            }

            _hostAddresses[key] = current[name].Address.ToString();
            return true;
        }

        if (_told.Add((service.Uid, name)))
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"Ports {preferred} to {preferred + HostPortsToTry - 1} of 127.0.0.1 are all taken.");
            events.Record(service, EventType.Warning, "FailedToListen", "Listen", text);
        }

        return false;
    }

    private TcpForwarder Listen(KubernetesObject service, IPEndPoint address, int port)
    {
        ObjectKey key = service.Key();
        return TcpForwarder.Listen(address, () => Targets(key, port), connectTimeout, time, logger);
    }

    /// <summary>The pods that serve, longest first: a name server that has just started knows no broker yet.</summary>
    private List<IPEndPoint> Targets(ObjectKey key, int port)
    {
        if (services.Find(key) is not { } service)
        {
            return [];
        }

        if (service.ServiceSpec().Selector is null)
        {
            return [.. slices.List(key.Namespace).Where(slice => slice.Label("kubernetes.io/service-name") == key.Name)
                .SelectMany(slice => slice.Json.Deserialize(KubernetesJsonContext.Default.EndpointSlice)!.Endpoints ?? [])
                .SelectMany(endpoint => endpoint.Addresses ?? []).Select(address => EndPoint(address, port)).OfType<IPEndPoint>()];
        }

        bool isAny = service.ServiceSpec().PublishNotReadyAddresses == true;
        int? target = TcpPorts(service).Where(candidate => candidate.Port == port)
            .Select(candidate => ServiceMembers.TargetPort(service, candidate, pods)).FirstOrDefault(static number => number is not null);
        return target is not { } number ? [] : [.. ServiceMembers.Of(service, pods).Where(pod => isAny || PodFactory.IsReady(pod))
            .OrderBy(PodFactory.ReadySince).Select(pod => EndPoint(pod.PodStatus().PodIP, number)).OfType<IPEndPoint>()];
    }

    private static IPEndPoint? EndPoint(string? text, int port) => IPAddress.TryParse(text, out IPAddress? address) ? new IPEndPoint(address, port) : null;
}
