using RocketOps.Testing;
using RocketOps.Testing.Remoting;
using RocketOps.Testing.Servers;

namespace RocketOps.Faults.Tests.Loads;

/// <summary>Those who work beside a test until they are told to stop, over any number of lost connections.</summary>
internal sealed class Workers : IAsyncDisposable
{
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];

    public bool IsStopping => _stop.IsCancellationRequested;

    /// <summary>Begins the work of so many more, each of whom gets a number of its own, from 0 on.</summary>
    public void Start(int count, Func<int, Task> work) =>
        _tasks.AddRange(Enumerable.Range(0, count).Select(number => Task.Run(() => work(number))));

    /// <summary>Does the work again and again until the stop, whether it ends or loses its connection.</summary>
    public async Task AgainAsync(Func<Task> work)
    {
        while (!IsStopping)
        {
            try
            {
                await work();
            }
            catch (Exception lost) when (LostConnection.Is(lost))
            {
                await Task.Delay(ReconnectPause);
            }
        }
    }

    /// <summary>The same work with a connection to a broker, each time a new one.</summary>
    public Task AgainAsync(ServerUnderTest server, Func<RawConnection, Task> work) => AgainAsync(async () =>
    {
        await using RawConnection broker = await RawConnection.ConnectAsync(server.BrokerAddress);
        await work(broker);
    });

    /// <summary>Waits for what their work brings about. Throws what has ended one of them, other than a lost connection.</summary>
    public async Task UntilAsync(Func<bool> condition, string what, TimeSpan patience)
    {
        Task? failed = null;
        await Eventually.TrueAsync(
            () => (failed = _tasks.Find(static task => task.IsFaulted)) is not null || condition(), what, patience);
        await (failed ?? Task.CompletedTask);
    }

    /// <summary>Ends the work; a failure other than a lost connection surfaces here.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
