using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Broker.Replication.Automatic;
using RocketOps.Replication.Leases;

namespace RocketOps.Broker.Tests.Replication.Automatic;

public sealed class LeaseCallsTests
{
    private static readonly LeaseTimings Short = new() { Duration = TimeSpan.FromMilliseconds(40), Renew = TimeSpan.FromMilliseconds(10), Margin = TimeSpan.FromMilliseconds(10) };

    [Fact]
    public async Task Read_StoreThatHangsForEver_EachCallFailsAndFewAreHeld()
    {
        HangingStore store = new();
        await using LeaseCalls calls = new(store, Short, TimeProvider.System, NullLogger.Instance);

        for (int i = 0; i < 20; i++)
        {
            TaskCompletionSource failed = new();
            calls.Read(_ => failed.TrySetException(new InvalidOperationException("it hangs")), () => failed.TrySetResult());
            await failed.Task.WaitAsync(TimeSpan.FromMinutes(2));
        }

        store.Calls.Should().BeInRange(1, 8, "a store that lets go of nothing must not be given more and more");
    }

    [Fact]
    public async Task Write_StoreThatThrowsAtOnce_Fails()
    {
        await using LeaseCalls calls = new(new HangingStore { Throws = true }, Short, TimeProvider.System, NullLogger.Instance);
        TaskCompletionSource failed = new();

        calls.Read(_ => failed.TrySetException(new InvalidOperationException("it throws")), () => failed.TrySetResult());

        await failed.Task.WaitAsync(TimeSpan.FromMinutes(2));
    }

    private sealed class HangingStore : ILeaseStore
    {
        private readonly TaskCompletionSource<VersionedLease?> _never = new();
        private int _calls;

        public bool Throws { get; init; }

        public int Calls => Volatile.Read(ref _calls);

        public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return Throws ? throw new LeaseStoreException("no") : _never.Task;
        }

        public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task WaitForChangeAsync(string? seenVersion, TimeSpan patience, CancellationToken cancellationToken) => Task.Delay(patience, cancellationToken);
    }
}
