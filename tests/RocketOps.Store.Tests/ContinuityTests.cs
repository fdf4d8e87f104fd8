using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;

namespace RocketOps.Store.Tests;

/// <summary>Whether a start finds what an earlier run had taken: members of a group that elects its master rely on it.</summary>
public sealed class ContinuityTests
{
    private const string Root = "/store";

    [Fact]
    public async Task Start_AfterACleanStop_HasAll()
    {
        MemoryFileSystem disk = new();
        await using (MessageStore store = await RunAsync(disk))
        {
            store.Continuity.Should().Be(new StoreContinuity(HasKernel: true, HasDurable: true, HasCheckpoint: false), "an empty store has lost nothing");
            Take(store);
        }

        (await ContinuityOfAsync(disk.AfterPowerCut(new Random(1), keepEverything: true))).Should().Be(new StoreContinuity(true, true, true), "everything was durable, so another boot makes no difference");
    }

    [Fact]
    public async Task Start_AfterItsProcessEnded_HasWhatTheKernelHad()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);

        (await ContinuityOfAsync(disk.AfterKill())).Should().Be(new StoreContinuity(true, true, true));
    }

    [Fact]
    public async Task Start_AfterAPowerCut_MayLackWhatTheKernelHad()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);

        (await ContinuityOfAsync(disk.AfterPowerCut(new Random(1)))).Should().Be(new StoreContinuity(HasKernel: false, HasDurable: true, HasCheckpoint: true));
    }

    [Fact]
    public async Task Start_WithoutItsLog_LacksWhatWasDurable()
    {
        MemoryFileSystem disk = new();
        await using MessageStore store = await RunAsync(disk);
        Take(store);
        MemoryFileSystem next = disk.AfterKill();
        foreach (FileEntry file in next.List(Path.Combine(Root, "commitlog")))
        {
            next.DeleteFile(Path.Combine(Root, "commitlog", file.Name));
        }

        (await ContinuityOfAsync(next)).HasDurable.Should().BeFalse("the checkpoint tells of more than there is");
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

    private static Task<MessageStore> RunAsync(MemoryFileSystem disk) => SmallStore.StartAsync(SmallStore.Options(Root), disk, new ManualTime(), hasThreads: false);

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
