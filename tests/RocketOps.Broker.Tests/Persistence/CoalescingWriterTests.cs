using RocketOps.Broker.Persistence;

namespace RocketOps.Broker.Tests.Persistence;

public sealed class CoalescingWriterTests
{
    [Fact]
    public async Task WriteAsync_DuringAWrite_AllShareTheNextOne()
    {
        int writes = 0;
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CoalescingWriter writer = new(async () =>
        {
            if (Interlocked.Increment(ref writes) == 1)
            {
                begun.SetResult();
                await release.Task;
            }
        });

        Task first = writer.WriteAsync();
        await begun.Task;
        Task[] others = [.. Enumerable.Range(0, 10).Select(_ => writer.WriteAsync())];
        others.Should().OnlyContain(static task => !task.IsCompleted);
        release.SetResult();
        await first;
        await Task.WhenAll(others);

        writes.Should().Be(2);
    }

    [Fact]
    public async Task UntilIdle_AWriteThatNobodyWaitsFor_IsWaitedFor()
    {
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CoalescingWriter writer = new(async () =>
        {
            begun.TrySetResult();
            await release.Task;
        });
        await writer.UntilIdleAsync();
        Task running = writer.WriteAsync();
        await begun.Task;

        Task idle = writer.UntilIdleAsync();
        idle.IsCompleted.Should().BeFalse();
        release.SetResult();
        await idle;

        running.IsCompletedSuccessfully.Should().BeTrue();
    }

    [Fact]
    public async Task WriteAsync_ManyAtOnce_NeverOverlapAndSeeEveryChange()
    {
        int running = 0;
        int overlaps = 0;
        int value = 0;
        int written = 0;
        CoalescingWriter writer = new(async () =>
        {
            if (Interlocked.Increment(ref running) > 1)
            {
                Interlocked.Increment(ref overlaps);
            }

            written = Volatile.Read(ref value);
            await Task.Yield();
            Interlocked.Decrement(ref running);
        });

        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), async (_, _) =>
        {
            int mine = Interlocked.Increment(ref value);
            await writer.WriteAsync();
            Volatile.Read(ref written).Should().BeGreaterThanOrEqualTo(mine);
        });

        overlaps.Should().Be(0);
    }

    [Fact]
    public async Task WriteAsync_Fails_WhoWaitsLearnsItAndTheNextWriteRuns()
    {
        int writes = 0;
        CoalescingWriter writer = new(() => Interlocked.Increment(ref writes) == 1 ? throw new IOException("no space") : Task.CompletedTask);

        await writer.Awaiting(static writer => writer.WriteAsync()).Should().ThrowAsync<IOException>();
        await writer.WriteAsync();

        writes.Should().Be(2);
    }
}
