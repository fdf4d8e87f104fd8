using System.Diagnostics;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using RocketOps.Testing.Remoting;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>
/// Tells whether a Java program that gave up its name server waited for the server or for itself. The client gives a request 3 s that begin before it has connected and loaded what it sends with: on
/// a machine with dozens of busy programs per core one that has just started uses them up alone, before Apache's name servers too. So a route is asked for again and again meanwhile, over a new
/// connection each time, and the longest it took is kept. Source: apache/rocketmq NettyRemotingClient.invokeSync 4.9.7 and 5.5.0.
/// </summary>
internal sealed partial class NameServerWatch : IAsyncDisposable
{
    private const int GetRouteInfoByTopic = 105;

    // What Apache's clients give a request to the name server. Source: remoting.md §1.8.
    private static readonly TimeSpan ClientsPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly string _nameServer;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _asking;
    private TimeSpan _slowest;
    private bool _wasRefused;

    /// <param name="nameServer">host:port; asked from now on.</param>
    public NameServerWatch(string nameServer)
    {
        _nameServer = nameServer;
        _asking = AskAsync();
    }

    /// <summary>Ends the watch: true when the program says that it gave up this name server, which answered here within the time the program would have waited, always.</summary>
    /// <param name="said">What the program printed.</param>
    public async Task<bool> IsProgramsOwnAsync(string said)
    {
        await EndAsync();

        // "null" is whichever name server the client has chosen.
        return !_wasRefused && _slowest < ClientsPatience
            && GaveUp().Matches(said).Any(match => match.Value.Contains(_nameServer, StringComparison.Ordinal) || match.Value.Contains("addr[null]", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stop.Dispose();
    }

    /// <summary>Ends the watch; the longest that the name server took for a connection, a request and its answer.</summary>
    public async Task<TimeSpan> EndAsync()
    {
        await _stop.CancelAsync();
        await _asking;
        return _slowest;
    }

    private async Task AskAsync()
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal) { ["topic"] = "watched" };
        while (!_stop.IsCancellationRequested)
        {
            long begin = Stopwatch.GetTimestamp();
            try
            {
                await using RawConnection connection = await RawConnection.ConnectAsync(_nameServer);
                await connection.RequestAsync(GetRouteInfoByTopic, fields);
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                _wasRefused = true;
            }

            TimeSpan took = Stopwatch.GetElapsedTime(begin);
            _slowest = took > _slowest ? took : _slowest;
            await Task.Delay(Interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [GeneratedRegex(@"(wait response on the channel|send request to) <[^>]*> (timeout|failed)|invokeSync call the addr\[[^\]]*\] timeout", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GaveUp();
}
