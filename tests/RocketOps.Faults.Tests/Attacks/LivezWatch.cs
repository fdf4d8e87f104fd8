using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Testing;
using RocketOps.Testing.Remoting;

namespace RocketOps.Faults.Tests.Attacks;

/// <summary>Asks a broker again and again whether it lives, as a kubelet does.</summary>
public sealed class LivezWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // That it is answered at all: how soon is measured by bench/attack.sh.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly Task _work;
    private int _told;

    private LivezWatch(int port) => _work = AskAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/livez")));

    /// <summary>Whatever was not answered with success.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    /// <summary>How often it was told that the broker lives.</summary>
    public int Told => Volatile.Read(ref _told);

    /// <summary>The port may listen a moment after the broker does.</summary>
    public static async Task<LivezWatch> BeginAsync(int port)
    {
        await Eventually.TrueAsync(() => RawConnection.IsListeningAsync(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")), $"port {port} listens", Patience);
        return new LivezWatch(port);
    }

    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _work;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stop.Dispose();
    }

    private async Task AskAsync(Uri livez)
    {
        // A connection each time, as probes make: it is accepted beside those of the attack.
        using SocketsHttpHandler handler = new() { PooledConnectionLifetime = TimeSpan.Zero };
        using HttpClient http = new(handler) { Timeout = Patience };
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(livez);
                if (answer.IsSuccessStatusCode)
                {
                    Interlocked.Increment(ref _told);
                }
                else
                {
                    _complaints.Enqueue($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
                }
            }
            catch (Exception failed) when (failed is HttpRequestException or OperationCanceledException)
            {
                _complaints.Enqueue(failed.Message);
            }

            await Task.Delay(Pause);
        }
    }
}
