using FsCheck;
using FsCheck.Fluent;
using RocketOps.Client.Consuming.Offsets;
using RocketOps.Client.Consuming.Options;
using RocketOps.Client.Consuming.Queues;
using RocketOps.Testing;

namespace RocketOps.Client.Tests.Consuming.Queues;

public sealed class ProcessQueueTests
{
    private static readonly PushConsumerOptions Options = new() { NameServers = "x:1", Group = "g", MaxBufferedMessagesPerQueue = 3, MaxBufferedBytesPerQueue = 100, MaxOffsetSpan = 50 };

    [Fact]
    public void Finish_InAnyOrder_NeverCommitsPastAnUnfinishedMessage()
    {
        Prop.ForAll(Gen.Shuffle(Enumerable.Range(10, 8).Select(static offset => (long)offset)).ToArbitrary(), order =>
        {
            NotedOffset offsets = new();
            ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options, new BufferLimits(Options), offsets);
            HashSet<long> unfinished = [.. order];
            foreach (long offset in order)
            {
                queue.Add(offset, 1);
            }

            foreach (long offset in order)
            {
                unfinished.Remove(offset);
                queue.Finish(offset);
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
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options, new BufferLimits(Options), new NotedOffset());
        foreach (long offset in offsets)
        {
            queue.Add(offset, bytes);
        }

        Task room = queue.WaitForRoomAsync(CancellationToken.None);
        room.IsCompleted.Should().BeFalse();
        queue.Finish(offsets[0]);

        await room.WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task WaitForRoom_Dropped_EndsTheWait()
    {
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options, new BufferLimits(Options), new NotedOffset());
        queue.Add(1, 1000);
        Task room = queue.WaitForRoomAsync(queue.Closed);

        queue.Drop();

        await FluentActions.Awaiting(() => room).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public void Finish_AfterTheDrop_NotesNothing()
    {
        NotedOffset offsets = new();
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options, new BufferLimits(Options), offsets);
        queue.Add(1, 1);

        queue.Drop();
        queue.Finish(1);

        offsets.Noted.Should().BeNull();
    }

    [Fact]
    public void Drop_WhileAnOffsetIsBeingNoted_LeavesNoneBehind()
    {
        NotedOffset offsets = new();
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options, new BufferLimits(Options), offsets);
        queue.Add(1, 1);
        Thread dropper = new(() =>
        {
            queue.Drop();
            offsets.Forget(queue.Queue);
        });
        offsets.BeforeNote = () =>
        {
            // Until it has forgotten the offset already, or waits for this thread.
            dropper.Start();
            SpinWait.SpinUntil(() => !dropper.IsAlive || dropper.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Eventually.DefaultDeadline).Should().BeTrue();
        };

        queue.Finish(1);
        dropper.Join(Eventually.DefaultDeadline).Should().BeTrue();

        offsets.Noted.Should().BeNull();
    }

    [Fact]
    public void PulledTo_NothingUnfinished_NotesIt()
    {
        NotedOffset offsets = new();
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options, new BufferLimits(Options), offsets);

        queue.PulledTo(5);
        offsets.Noted.Should().Be(5, "nothing before it is for this group");
        queue.Add(6, 1);
        queue.PulledTo(9);
        offsets.Noted.Should().Be(5, "6 is not finished");
        queue.Finish(6);
        offsets.Noted.Should().Be(9, "7 and 8 are not for this group");
        queue.Drop();
        queue.PulledTo(20);

        offsets.Noted.Should().Be(9, "it belongs to this member no more");
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(3, 3)]
    [InlineData(100, 1)]
    public void Limits_OfATopic_AreSharedOutAmongItsQueues(int queues, int expected)
    {
        BufferLimits limits = new(Options with { MaxBufferedMessagesPerTopic = 10, MaxBufferedBytesPerTopic = 10 });

        limits.SetQueues("T", queues);

        limits.MessagesPerQueue("T").Should().Be(expected);
        limits.BytesPerQueue("T").Should().Be(expected);
        limits.MessagesPerQueue("not read yet").Should().Be(10);
        new BufferLimits(Options).MessagesPerQueue("T").Should().Be(3, "without a limit of the topic that of the queue counts");
    }

    [Fact]
    public async Task WaitForRoom_AllTogetherHoldTooMuch_WaitsUntilAnotherQueueMakesRoom()
    {
        BufferLimits limits = new(Options with { MaxBufferedMessages = 1 });
        ProcessQueue full = new(new MessageQueue("T", "b", 0), Options, limits, new NotedOffset());
        ProcessQueue waiting = new(new MessageQueue("T", "b", 1), Options, limits, new NotedOffset());
        full.Add(0, 1);

        Task room = waiting.WaitForRoomAsync(default);
        room.IsCompleted.Should().BeFalse();
        full.Finish(0);

        await room.WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public void Limits_OfAll_CountWhatIsHeldAndForgetWhatIsDropped()
    {
        BufferLimits limits = new(Options with { MaxBufferedMessages = 3 });
        ProcessQueue first = new(new MessageQueue("T", "b", 0), Options, limits, new NotedOffset());
        ProcessQueue second = new(new MessageQueue("T", "b", 1), Options, limits, new NotedOffset());
        first.Add(0, 1);
        first.Add(0, 1);
        first.Add(1, 1);
        limits.IsTotalReached.Should().BeFalse("one offset counts once");
        second.Add(0, 1);
        limits.IsTotalReached.Should().BeTrue();

        second.Finish(0).Should().BeTrue();
        second.Finish(0).Should().BeFalse();
        limits.IsTotalReached.Should().BeFalse();
        second.Add(1, 1);
        limits.IsTotalReached.Should().BeTrue();
        first.Drop();
        first.Drop();
        first.Finish(1);
        second.Add(2, 1);
        limits.IsTotalReached.Should().BeFalse("two are held");
        second.Add(3, 1);
        limits.IsTotalReached.Should().BeTrue();
    }

    /// <summary>An offset store for one queue that shows what is noted.</summary>
    private sealed class NotedOffset : IOffsetStore
    {
        private readonly OffsetTable _table = new();

        public Action BeforeNote { get; set; } = static () => { };

        public long? Noted => _table.All.Select(static entry => (long?)entry.Value).SingleOrDefault();

        public Task<long?> LoadAsync(MessageQueue queue, CancellationToken cancellationToken) => Task.FromResult<long?>(null);

        public long? Find(MessageQueue queue) => _table.Find(queue);

        public void Note(MessageQueue queue, long offset)
        {
            BeforeNote();
            _table.Note(queue, offset);
        }

        public void Move(MessageQueue queue, long offset, bool byBroker) => _table.Move(queue, offset);

        public void Forget(MessageQueue queue) => _table.Forget(queue);

        public Task<RocketMqException?> CommitAsync(IEnumerable<MessageQueue> queues, CancellationToken cancellationToken) => Task.FromResult<RocketMqException?>(null);
    }
}
