using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Whether a start finds what an earlier run had taken: members of a group that elects its master rely on it.</summary>
public sealed class ContinuityTests
{
    private const string Root = "/store";
    private const string Log = "/store/commitlog/00000000000000000000";

    [Fact]
    public async Task Start_AfterACleanStop_HasAll()
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await RunAsync(disk))
        {
            store.Continuity.Should().Be(new StoreContinuity(HasKernel: true, HasDurable: true, HasCheckpoint: false, HasDamage: false), "an empty store has lost nothing");
            Take(store);
        }

        (await ContinuityOfAsync(disk.AfterPowerCut(new Random(1), keepEverything: true))).Should().Be(new StoreContinuity(true, true, true, false), "everything was durable, so another boot makes no difference");
    }

    [Fact]
    public async Task Start_AfterItsProcessEnded_HasWhatTheKernelHad()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);

        (await ContinuityOfAsync(disk.AfterKill())).Should().Be(new StoreContinuity(true, true, true, false));
    }

    [Fact]
    public async Task Start_AfterAPowerCut_MayLackWhatTheKernelHad()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);

        (await ContinuityOfAsync(disk.AfterPowerCut(new Random(1)))).Should().Be(new StoreContinuity(HasKernel: false, HasDurable: true, HasCheckpoint: true, HasDamage: false));
    }

    [Fact]
    public async Task Start_WithoutAnyOfItsFiles_DoesNotKnowWhatItHad()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);
        MemoryFileSystem next = disk.AfterKill();
        foreach (string path in next.Paths.ToArray())
        {
            next.DeleteFile(path);
        }

        (await ContinuityOfAsync(next)).HasCheckpoint.Should().BeFalse("nothing is missing that anything speaks of, and everything is missing");
    }

    [Fact]
    public async Task Start_WithADamagedCheckpoint_DoesNotKnowWhatItHad()
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await RunAsync(disk))
        {
            Take(store);
        }

        MemoryFileSystem next = disk.AfterKill();
        string path = Path.Combine(Root, "checkpoint");
        using (IStoreFile file = next.Open(path, FileOpenMode.ReadWrite))
        {
            file.Write(new byte[file.Length], 0);
        }

        (await ContinuityOfAsync(next)).HasCheckpoint.Should().BeFalse();
    }

    [Fact]
    public async Task Start_InTheSameBootWithARecordRotten_HasDamage()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);
        AppendResult[] acknowledged = [.. Enumerable.Range(0, 5).Select(i => store.Append("T", 0, $"acknowledged {i}"))];
        store.Writer.WritePending();
        MemoryFileSystem next = disk.AfterKill();
        next.Damage(Log, acknowledged[1].Offset.Value + 90, 0xFF);

        await using MessageStore again = await RunAsync(next);

        again.Positions.Appended.Should().Be(acknowledged[1].Offset);
        again.Continuity.Should().Be(new StoreContinuity(true, true, true, HasDamage: true), "nothing else says that acknowledged messages are gone");
    }

    /// <summary>The checkpoint says that queues have them, so that nobody looked at them.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_InTheSameBootWithARecordRottenThatWasDispatched_HasDamageWhereTheLogIsAMembers(bool isMembers)
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk, isMembers);
        Take(store);
        AppendResult[] dispatched = [.. Enumerable.Range(0, 5).Select(i => store.Append("T", 0, $"dispatched {i}"))];
        store.Writer.WritePending();
        store.Positions.Confirm(dispatched[^1].End);
        store.Maintenance.Pass();
        MemoryFileSystem next = disk.AfterKill();
        next.Damage(Log, dispatched[1].Offset.Value + 90, 0xFF);

        await using MessageStore again = await RunAsync(next, isMembers);

        again.Continuity.HasDamage.Should().Be(isMembers);
        again.Positions.Appended.Should().Be(isMembers ? dispatched[1].Offset : dispatched[^1].End);
        if (isMembers)
        {
            again.Positions.Confirm(again.Positions.Appended);
            (await again.ReadAllAsync("T", 0)).Should().Equal(["taken", "dispatched 0"], "units of what is gone are gone");
        }
    }

    [Fact]
    public async Task Start_InTheSameBootWithALogThatEndsBeforeWhatWasDispatched_HasDamage()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);
        AppendResult last = store.Append("T", 0, "dispatched, and the last of all");
        store.Writer.WritePending();
        store.Maintenance.Pass();
        MemoryFileSystem next = disk.AfterKill();
        using (IStoreFile file = next.Open(Log, FileOpenMode.ReadWrite))
        {
            file.Write(new byte[last.End.Value - last.Offset.Value], last.Offset.Value);
        }

        await using MessageStore again = await RunAsync(next, isMembers: true);

        again.Continuity.HasDamage.Should().BeTrue();
        again.Continuity.HasDurable.Should().BeTrue("the checkpoint does not call it durable");
    }

    /// <summary>Otherwise every kill made another copy.</summary>
    [Fact]
    public async Task Start_InTheSameBootWithATornEnd_HasNoDamage()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);
        AppendResult torn = store.Append("T", 0, "its process was killed while it was written");
        store.Writer.WritePending();
        MemoryFileSystem next = disk.AfterKill();
        using (IStoreFile file = next.Open(Log, FileOpenMode.ReadWrite))
        {
            file.Write(new byte[60], torn.End.Value - 60);
        }

        await using MessageStore again = await RunAsync(next);

        again.Positions.Appended.Should().Be(torn.Offset);
        again.Continuity.HasDamage.Should().BeFalse();
    }

    /// <summary>Its checksum covers the body alone.</summary>
    [Fact]
    public async Task Start_InTheSameBootWithATornText_HasNoDamage()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);
        AppendResult torn = store.Append("T", 0, "whole", "KEYS\u0001and its properties are not");
        store.Writer.WritePending();
        MemoryFileSystem next = disk.AfterKill();
        using (IStoreFile file = next.Open(Log, FileOpenMode.ReadWrite))
        {
            file.Write(new byte[10], torn.End.Value - 10);
        }

        await using MessageStore again = await RunAsync(next);

        again.Positions.Appended.Should().Be(torn.Offset);
        again.Continuity.HasDamage.Should().BeFalse();
    }

    [Fact]
    public async Task Start_AfterAPowerCutWithAGap_HasNoDamage()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);
        AppendResult[] written = [.. Enumerable.Range(0, 5).Select(i => store.Append("T", 0, $"never durable {i}"))];
        store.Writer.WritePending();
        MemoryFileSystem next = disk.AfterPowerCut(new Random(1), keepEverything: true);
        next.Damage(Log, written[1].Offset.Value + 90, 0xFF);

        (await ContinuityOfAsync(next)).Should().Be(new StoreContinuity(HasKernel: false, HasDurable: true, HasCheckpoint: true, HasDamage: false), "the disk writes in any order what nobody asked to be durable");
    }

    [Fact]
    public async Task GiveUpReplication_WhoWaitsForOtherMembers_IsToldToSendAgain()
    {
        await using MessageStore store = await RunAsync(new MemoryFileSystem());
        AppendResult result = store.Append("T", 0, "waits");
        store.Writer.WritePending();
        RecordingWaiter forSlaves = new();
        RecordingWaiter forDisk = new();
        store.Positions.When(LogPosition.Replicated, result.Mark, forSlaves);
        store.Positions.When(LogPosition.Durable, result.Mark, forDisk);

        store.Positions.GiveUpReplication();

        forSlaves.Outcomes.Should().Equal(WaitOutcome.CutOff);
        forDisk.Outcomes.Should().BeEmpty("the disk goes on");
    }

    private static Task<MessageStore> RunAsync(MemoryFileSystem disk, bool isMembers = false) =>
        SmallStore.StartAsync(SmallStore.Options(Root, replicatedOnly: isMembers), disk, new FakeTimeProvider(), hasThreads: false);

    private static void Take(MessageStore store)
    {
        store.Append("T", 0, "taken");
        store.Writer.WritePending();
        store.Flusher.Pass(everything: true);
        store.Maintenance.MakeDurable();
    }

    private static async Task<StoreContinuity> ContinuityOfAsync(MemoryFileSystem disk)
    {
        await using MessageStore store = await RunAsync(disk);
        return store.Continuity;
    }
}
