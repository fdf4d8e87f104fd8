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
            HashSet<long> unfinished = [.. order];
            foreach (long offset in order)
            {
                queue.Add(offset, 1);
            }

            foreach (long offset in order)
            {
                unfinished.Remove(offset);
                queue.Finish(offset).Should().Be(unfinished.Count == 0 ? 18 : unfinished.Min());
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
        queue.Finish(offsets[0]);

        await room.WaitAsync(Eventually.DefaultDeadline);
    }

    [Fact]
    public async Task WaitForRoom_Dropped_EndsTheWait()
    {
        ProcessQueue queue = new(new MessageQueue("T", "b", 0), Options);
        queue.Add(1, 1000);
        Task room = queue.WaitForRoomAsync(queue.Dropped);

        queue.Drop();

        await FluentActions.Awaiting(() => room).Should().ThrowAsync<OperationCanceledException>();
    }
}
