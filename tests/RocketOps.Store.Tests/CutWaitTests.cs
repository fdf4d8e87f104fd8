using System.Collections.Concurrent;
using System.Text;
using RocketOps.Store.Contracts;
using RocketOps.Store.Log;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Acknowledgements and cuts of the log: nothing that was cut off is acknowledged because other bytes came in its place.</summary>
public sealed class CutWaitTests
{
    private const string Root = "/store";

    [Theory]
    [InlineData(LogPosition.Written)]
    [InlineData(LogPosition.Durable)]
    public async Task When_MessageWasCutOffAndOthersCameInItsPlace_IsToldSo(LogPosition position)
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root, FlushDiskType.SyncFlush), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        AppendResult kept = store.Append("T", 0, "kept");
        AppendResult cut = store.Append("T", 0, "cut off");
        AppendResult alsoCut = store.Append("T", 0, "cut off as well");

        await store.TruncateAsync(kept.End, keepIn: null, CancellationToken.None);
        AppendResult other = store.Append("T", 0, "others in its place, " + new string('x', 500));
        store.Writer.WritePending();
        store.Flusher.Pass(everything: true);

        other.End.Should().BeGreaterThan(alsoCut.End);
        store.Positions.Get(position).Should().Be(other.End);
        store.Positions.IsReached(position, cut.Mark).Should().BeFalse();
        (await store.Writer.WhenAsync(position, cut.Mark)).Should().Be(WaitOutcome.CutOff);
        (await store.Writer.WhenAsync(position, alsoCut.Mark)).Should().Be(WaitOutcome.CutOff);
        (await store.Writer.WhenAsync(position, kept.Mark)).Should().Be(WaitOutcome.Reached);
        (await store.Writer.WhenAsync(position, other.Mark)).Should().Be(WaitOutcome.Reached);
        (await store.Writer.WhenAsync(position, other.Mark.And(cut.Mark))).Should().Be(WaitOutcome.CutOff, "not all of it is there");
    }

    /// <summary>A wait that begins when the message is gone and nothing has come yet must not last until something does.</summary>
    [Fact]
    public async Task When_NothingCameInThePlaceYet_EndsAtOnce()
    {
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), new MemoryFileSystem(), new FakeTimeProvider(), hasThreads: false);
        AppendResult kept = store.Append("T", 0, "kept");
        AppendResult cut = store.Append("T", 0, "cut off");
        await store.TruncateAsync(kept.End, keepIn: null, CancellationToken.None);
        RecordingWaiter waiter = new();

        store.Positions.When(LogPosition.Written, cut.Mark, waiter);

        waiter.Outcomes.Should().Equal(WaitOutcome.CutOff);
    }

    /// <summary>Against the plain rule: what ends at or below every cut since is there.</summary>
    [Fact]
    public void Holds_AnyCuts_IsTheLowestCutSince()
    {
        Random random = new(20261121);
        for (int run = 0; run < 200; run++)
        {
            LogCuts cuts = LogCuts.None;
            List<long> offsets = [];
            for (int cut = 0; cut < 30; cut++)
            {
                offsets.Add(random.Next(100));
                cuts = cuts.Next(new PhysicalOffset(offsets[^1]));
            }

            cuts.Generation.Should().Be(offsets.Count);
            for (int generation = 0; generation <= offsets.Count; generation++)
            {
                long lowest = offsets.Skip(generation).DefaultIfEmpty(long.MaxValue).Min();
                foreach (long end in new long[] { 0, lowest - 1, lowest, 1 + Math.Min(lowest, 1000), 50 })
                {
                    cuts.Holds(new LogMark(new PhysicalOffset(end), generation)).Should().Be(end <= lowest);
                }
            }
        }
    }

    [Fact]
    public void Holds_MoreCutsThanAreKept_NeverSaysThatIsThereWhatIsNot()
    {
        LogCuts cuts = LogCuts.None;
        for (int cut = 1; cut <= 100; cut++)
        {
            cuts = cuts.Next(new PhysicalOffset(cut * 10));
        }

        for (int generation = 0; generation < 100; generation++)
        {
            cuts.Holds(new LogMark(new PhysicalOffset(((generation + 1) * 10) + 1), generation)).Should().BeFalse();
        }

        cuts.Holds(new LogMark(new PhysicalOffset(991), 98)).Should().BeFalse();
        cuts.Holds(new LogMark(new PhysicalOffset(990), 98)).Should().BeTrue();
    }

    /// <summary>
    /// Many senders and many cuts, with no pause in between. A message told as reached was there when its wait began; and when all is over, it is at its place, byte by byte,
    /// unless a later cut took it.
    /// </summary>
    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public async Task Cuts_UnderLoad_NothingCutOffIsAcknowledged(FlushDiskType flush)
    {
        const int Cuts = 30;
        await using MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root, flush), new MemoryFileSystem());
        store.Append("T", 0, "first");

        // Index g: the offset of the cut that began generation g.
        long[] cutAt = new long[Cuts + 1];
        int done = 0;
        ConcurrentQueue<Sent> sent = new();
        using CancellationTokenSource stop = new();
        Task[] senders = [.. Enumerable.Range(0, 4).Select(sender => Task.Run(() => SendAsync(sender)))];
        Random random = new(7);
        while (done < Cuts)
        {
            // Something has been acknowledged since the last cut, and something is on its way.
            AppendResult mark;
            while (store.TryAppend("T", 0, new byte[random.Next(1, 300)], out mark) != AppendStatus.Ok)
            {
                await Task.Yield();
            }

            store.Writer.WritePending();
            int before = sent.Count;
            while (sent.Count < before + 20)
            {
                await Task.Yield();
            }

            cutAt[done + 1] = mark.Offset.Value;
            await store.TruncateAsync(mark.Offset, keepIn: null, CancellationToken.None);
            store.Positions.Generation.Should().Be(done + 1);
            Volatile.Write(ref done, done + 1);
        }

        await stop.CancelAsync();
        await Task.WhenAll(senders);
        store.Flags.Should().Be(StoreFlags.None);
        foreach (Sent message in sent)
        {
            long lowestBefore = cutAt.Skip(message.Result.Generation + 1).Take(message.CutsSeen - message.Result.Generation).DefaultIfEmpty(long.MaxValue).Min();
            long lowest = cutAt.Skip(message.Result.Generation + 1).DefaultIfEmpty(long.MaxValue).Min();
            if (message.Outcome == WaitOutcome.Reached)
            {
                message.Result.End.Value.Should().BeLessThanOrEqualTo(lowestBefore, "what was cut off before the wait began is not acknowledged");
            }
            else if (message.Outcome != WaitOutcome.TimedOut)
            {
                message.Outcome.Should().Be(WaitOutcome.CutOff);
                message.Result.End.Value.Should().BeGreaterThan(lowest, "what is there is acknowledged");
            }

            if (message.Result.End.Value <= lowest)
            {
                byte[] bytes = new byte[message.Result.Size];
                (await store.Reader.ReadAsync(message.Result.Offset, bytes, CancellationToken.None)).Should().BeTrue();
                TestMessages.Body(bytes, message.Result.QueueOffset).Should().Be(message.Body);
            }
        }

        sent.Should().Contain(static message => message.IsLate && message.Outcome == WaitOutcome.CutOff).And.Contain(static message => message.Outcome == WaitOutcome.Reached);

        async Task SendAsync(int sender)
        {
            Random lengths = new(sender);
            Queue<(AppendResult Result, string Body)> held = [];
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                string body = $"{sender}-{i}-" + new string('x', lengths.Next(600));
                AppendStatus status = store.TryAppend("T", sender, Encoding.UTF8.GetBytes(body), out AppendResult result);
                if (status != AppendStatus.Ok)
                {
                    status.Should().BeOneOf(AppendStatus.ServiceNotAvailable, AppendStatus.WouldBlock, AppendStatus.Busy);
                    await Task.Yield();
                    continue;
                }

                if (i % 8 == 0 && held.Count < 16)
                {
                    // Waits only when the log has been cut and has grown again: the way of a reply that was about to wait.
                    held.Enqueue((result, body));
                }
                else
                {
                    await WaitAsync(result, body, isLate: false);
                }

                while (held.TryPeek(out (AppendResult Result, string Body) late) && late.Result.Generation < result.Generation && store.Positions.Get(LogPosition.Written) >= late.Result.End)
                {
                    held.Dequeue();
                    await WaitAsync(late.Result, late.Body, isLate: true);
                }
            }
        }

        async Task WaitAsync(AppendResult result, string body, bool isLate)
        {
            int cutsSeen = Volatile.Read(ref done);
            store.Writer.WritePending();
            WaitOutcome outcome = await store.Writer.WhenAsync(store.Positions.VisibleAt, result.Mark);
            sent.Enqueue(new Sent(result, body, cutsSeen, outcome, isLate));
        }
    }

    private sealed record Sent(AppendResult Result, string Body, int CutsSeen, WaitOutcome Outcome, bool IsLate);
}
