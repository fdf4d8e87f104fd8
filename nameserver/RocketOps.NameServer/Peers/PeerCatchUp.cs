using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using RocketOps.Hosting.Hosts;
using RocketOps.NameServer.Handling;
using RocketOps.NameServer.Json;
using RocketOps.NameServer.Routing;
using RocketOps.Protocol.Commands;
using RocketOps.Remoting.Client;

namespace RocketOps.NameServer.Peers;

/// <summary>
/// Finds out when this name server knows the brokers that the others of its cluster know, so that nobody sends clients to one that would
/// tell them of half a cluster. Name
/// servers exchange nothing: brokers register with each of them, and this one only asks the others whom it has still to wait for. It
/// waits no longer than every living broker
/// takes to register, since a broker that another one still lists may be gone. Once it has caught up it stays so. See docs/decisions/0042.
/// </summary>
internal sealed class PeerCatchUp : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly string _peers;
    private readonly Func<TimeSpan> _longest;
    private readonly RouteTable _routes;
    private readonly HostResolver _resolver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RemotingClient _client;
    private readonly CancellationTokenSource _stopping = new();
    private volatile string? _problem = "waiting to hear from the other name servers (peers)\n";
    private Task _running = Task.CompletedTask;

    /// <param name="peers">Addresses of the cluster's name servers, <c>host:port;…</c>; this one may be among them. Empty: there are no
    /// others.</param>
    /// <param name="longest">How long to wait at most.</param>
    /// <param name="routes">What this name server knows.</param>
    /// <param name="resolver">Looks names up.</param>
    /// <param name="loggers">Where to log.</param>
    /// <param name="time">The clock.</param>
    public PeerCatchUp(string peers, Func<TimeSpan> longest, RouteTable routes, HostResolver resolver, ILoggerFactory loggers, TimeProvider time)
    {
        _peers = peers;
        _longest = longest;
        _routes = routes;
        _resolver = resolver;
        _time = time;
        _logger = loggers.CreateLogger("RocketOps.NameServer");
        _client = new RemotingClient(new RemotingClientOptions { ConnectTimeout = Timeout }, loggers, resolver.ResolveToConnectAsync, time: time);
        if (peers.Length == 0)
        {
            _problem = null;
        }
    }

    /// <summary>Reason why this name server still waits, as text for people; null when it has caught up.</summary>
    public string? Problem => _problem;

    /// <summary>Begins to ask.</summary>
    public void Start() => _running = _problem is null ? Task.CompletedTask : RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        await _client.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        long started = _time.GetTimestamp();
        try
        {
            while (_time.GetElapsedTime(started) < _longest())
            {
                if (await AskAllAsync() is not { } problem)
                {
                    _problem = null;
                    return;
                }

                _problem = problem;
                await Task.Delay(Interval, _time, _stopping.Token);
            }

            NameServerLog.PeersNotCaughtUp(_logger, _problem?.TrimEnd());
            _problem = null;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The program ends.
        }
    }

    /// <summary>Asks all peers; returns what is to be waited for, null when nothing is.</summary>
    private async Task<string?> AskAllAsync()
    {
        IReadOnlyList<IPEndPoint> peers;
        try
        {
            peers = await _resolver.ResolveAllAsync(_peers, _stopping.Token);
        }
        catch (SocketException nobody) when (nobody.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            // Not even this one is listed: no name server has been there before it.
            return null;
        }
        catch (Exception unresolved) when (unresolved is SocketException or IOException or InvalidDataException)
        {
            return $"waiting for the names of the other name servers to resolve (peers): {unresolved.Message}\n";
        }

        string?[] problems = await Task.WhenAll(peers.Select(AskAsync));
        return Array.Find(problems, static problem => problem is not null);
    }

    private async Task<string?> AskAsync(IPEndPoint peer)
    {
        try
        {
            RemotingCommand answer = await _client.InvokeAsync(peer.ToString(), RemotingCommand.CreateRequest(RequestCode.GetBrokerClusterInfo), Timeout, _stopping.Token);
            if (answer.Code != ResponseCode.Success)
            {
                return $"waiting for name server {peer}, which answers with code {answer.Code} (peers)\n";
            }

            return Missing(NameServerJson.Read(answer.Body.Span, NameServerJson.Default.PeerBrokersBody)) is { } broker
                ? $"waiting for broker {broker} to register, which name server {peer} knows (peers)\n"
                : null;
        }
        catch (IOException refused) when (refused.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused })
        {
            // Its machine answers, and no name server runs there: it knows nobody.
            return null;
        }
        catch (Exception failure) when (failure is IOException or TimeoutException or RemotingCommandException)
        {
            return $"waiting for name server {peer} to answer (peers): {failure.Message}\n";
        }
    }

    /// <summary>
    /// A broker that the other one knows and this one does not; null when there is none. By name and id: addresses may be older there
    /// than here.
    /// </summary>
    private string? Missing(PeerBrokersBody other)
    {
        RouteSnapshot known = _routes.Snapshot;
        foreach ((string name, PeerGroupBody? group) in other.Groups ?? [])
        {
            foreach (long id in group?.Addresses?.Keys.Order() ?? Enumerable.Empty<long>())
            {
                if (!known.Groups.TryGetValue(name, out BrokerGroup? here) || !here.Addresses.ContainsKey(id))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"{name}:{id}");
                }
            }
        }

        return null;
    }
}
