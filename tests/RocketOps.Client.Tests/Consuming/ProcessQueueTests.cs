using FsCheck;
using FsCheck.Fluent;
using RocketOps.Client.Consuming;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming;

public sealed class ProcessQueueTests
{
    private static readonly PushConsumerOptions Options = new() { NameServers = "x:1", Group = "g", MaxBufferedMessagesPerQueue = 3, MaxBufferedBytesPerQueue = 100, MaxOffsetSpan = 50 };

    [Fact]
    public void Finish_InAnyOrder_NeverCommitsPastAnUnfinishedMessage()
    {
        Prop.ForAll(Gen.Shuffle(Enumerable.Range(10, 8).Select(static offset => (long)offset)).ToArbitrary(), order =>
        {
            ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options);
            NotedOffset offsets = new();
            HashSet<long> unfinished = [.. order];
            foreach (long offset in order)
            {
                queue.Add(offset, 1);
            }

            foreach (long offset in order)
            {
                unfinished.Remove(offset);
                queue.Finish(offset, offsets);
                offsets.Noted.Should().Be(unfinished.Count == 0 ? 18 : unfinished.Min());
            }
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(new long[] { 1, 2, 3 }, 1)]
    [InlineData(new long[] { 1, 2 }, 50)]
    [InlineData(new long[] { 1, 52 }, 1)]
    public async Task WaitForRoom_CountBytesOrSpanExceeded_WaitsUntilTheOldestIsFinished(long[] offsets, int bytes)
    {
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options);
        foreach (long offset in offsets)
        {
            queue.Add(offset, bytes);
        }

        Task room = queue.WaitForRoomAsync(CancellationToken.None);
        room.IsCompleted.Should().BeFalse();
        queue.Finish(offsets[0], new NotedOffset());

        await room.WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task WaitForRoom_Dropped_EndsTheWait()
    {
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options);
        queue.Add(1, 1000);
        Task room = queue.WaitForRoomAsync(queue.Closed);

        queue.Drop();

        await FluentActions.Awaiting(() => room).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public void Finish_AfterTheDrop_NotesNothing()
    {
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options);
        NotedOffset offsets = new();
        queue.Add(1, 1);

        queue.Drop();
        queue.Finish(1, offsets);

        offsets.Noted.Should().BeNull();
    }

    [Fact]
    public void Drop_WhileAnOffsetIsBeingNoted_LeavesNoneBehind()
    {
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options);
        NotedOffset offsets = new();
        queue.Add(1, 1);
        Thread dropper = new(() =>
        {
            queue.Drop();
            offsets.Forget(queue.Queue);
        });
        offsets.BeforeUpdate = () =>
        {
            // Until it has forgotten the offset already, or waits for this thread.
            dropper.Start();
            SpinWait.SpinUntil(() => !dropper.IsAlive || dropper.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Eventually.DefaultDeadline).Should().BeTrue();
        };

        queue.Finish(1, offsets);
        dropper.Join(Eventually.DefaultDeadline).Should().BeTrue();

        offsets.Noted.Should().BeNull();
    }

    /// <summary>An offset store for one queue that shows what is noted.</summary>
    private sealed class NotedOffset : IOffsetStore
    {
        private readonly OffsetTable _table = new();

        public Action BeforeUpdate { get; set; } = static () => { };

        public long? Noted => _table.All.Select(static entry => (long?)entry.Value).SingleOrDefault();

        public Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

        public long? Find(MessageQueue queue) => _table.Find(queue);

        public void Update(MessageQueue queue, long offset, bool increaseOnly)
        {
            BeforeUpdate();
            _table.Update(queue, offset, increaseOnly);
        }

        public void Forget(MessageQueue queue) => _table.Forget(queue);

        public Task CommitAsync(IEnumerable<MessageQueue> queues, bool acknowledged, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
