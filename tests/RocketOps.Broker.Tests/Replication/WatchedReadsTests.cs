using System.IO.Pipelines;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Replication;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Broker.Tests.Replication;

public sealed class WatchedReadsTests : IAsyncDisposable
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new();
    private readonly Pipe _peer = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly WatchedReads _reads;

    public WatchedReadsTests()
    {
        BrokerSettings settings = new(TestBroker.OptionsOf(new(StringComparer.Ordinal) { ["haHousekeepingInterval"] = "20000" }));
        _reads = new WatchedReads(_peer.Reader.AsStream(), "the slave", settings.Of<ReplicationOptions>(), _time, _stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _reads.DisposeAsync();
        _stopping.Dispose();
    }

    [Fact]
    public async Task Read_NothingComes_EndsWhenTheSilenceIsOver()
    {
        Task<int> read = _reads.ReadAsync(new byte[8]).AsTask();

        _time.Advance(Silence - TimeSpan.FromMilliseconds(1));
        read.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        (await ((Func<Task>)(() => read)).Should().ThrowAsync<IOException>()).WithMessage("the slave was silent for 20000 ms (haHousekeepingInterval)");
    }

    [Fact]
    public async Task Read_TimeThatPassedBetweenReads_DoesNotCount()
    {
        await _peer.Writer.WriteAsync(new byte[] { 1 });
        (await _reads.ReadAsync(new byte[8])).Should().Be(1);

        _time.Advance(Silence * 3);
        Task<int> read = _reads.ReadAsync(new byte[8]).AsTask();
        _time.Advance(Silence / 2);
        await _peer.Writer.WriteAsync(new byte[] { 2, 3 });

        (await read).Should().Be(2);
    }

    [Fact]
    public async Task Read_EverySign_BeginsTheSilenceAnew()
    {
        for (int i = 0; i < 5; i++)
        {
            Task<int> read = _reads.ReadAsync(new byte[8]).AsTask();
            _time.Advance(Silence * 0.7);
            await _peer.Writer.WriteAsync(new byte[] { 1 });
            (await read).Should().Be(1);
        }
    }

    [Fact]
    public async Task Read_Stopped_IsCancelled()
    {
        Task<int> read = _reads.ReadAsync(new byte[8]).AsTask();

        await _stopping.CancelAsync();

        await ((Func<Task>)(() => read)).Should().ThrowAsync<OperationCanceledException>();
    }
}
