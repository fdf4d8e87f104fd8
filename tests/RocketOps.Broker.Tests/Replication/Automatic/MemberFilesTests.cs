using RocketOps.Broker.Replication.Automatic;
using RocketOps.Replication.Epochs;
using RocketOps.Replication.Members;
using RocketOps.Store;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Replication.Automatic;

public sealed class MemberFilesTests : IDisposable
{
    private readonly TempDirectory _directory = new("member-files-");
    private readonly LinuxFileSystem _files = new();

    private MemberFiles Files => new(_files, _directory.Path);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush, true, true, true)]
    [InlineData(FlushDiskType.AsyncFlush, false, true, false)]
    [InlineData(FlushDiskType.SyncFlush, false, true, true)]
    [InlineData(FlushDiskType.SyncFlush, false, false, false)]
    [InlineData(FlushDiskType.AsyncFlush, true, false, false)]
    public void Load_AfterARunThatEndedSomehow_IsTheSameCopyWhenItHasAllItAcknowledged(FlushDiskType flushed, bool hasKernel, bool hasDurable, bool same)
    {
        MemberState first = Files.Load(new StoreContinuity(true, true), flushed);
        Files.Write(first with { GroupId = "g", Promised = 9, Seen = 8 });

        // How the next run flushes says nothing of the one before.
        MemberState second = Files.Load(new StoreContinuity(hasKernel, hasDurable), FlushDiskType.SyncFlush);

        (second.Incarnation == first.Incarnation).Should().Be(same);
        second.Should().Be(new MemberState("g", second.Incarnation, 9, 8), "promises are kept by whatever copy");
    }

    [Fact]
    public void Load_TheSameFileTwice_NotesTheNewCopy()
    {
        Files.Load(new StoreContinuity(true, true), FlushDiskType.AsyncFlush);
        MemberState second = Files.Load(new StoreContinuity(false, true), FlushDiskType.AsyncFlush);

        Files.Load(new StoreContinuity(true, true), FlushDiskType.AsyncFlush).Should().Be(second);
    }

    [Fact]
    public void Load_DamagedPromise_IsRefused()
    {
        Files.Load(new StoreContinuity(true, true), FlushDiskType.AsyncFlush);
        string path = _directory.File(MemberStateFile.Name);
        File.WriteAllText(path, File.ReadAllText(path).Replace("promised=0", "promised=1", StringComparison.Ordinal));

        ((Action)(() => Files.Load(new StoreContinuity(true, true), FlushDiskType.AsyncFlush))).Should().Throw<InvalidDataException>().WithMessage($"*{path}*");
    }

    [Fact]
    public void LoadEpochs_OfWhichTheLogHasNothing_AreForgotten()
    {
        Files.Write(EpochHistory.Of(new EpochEntry(1, 0), new EpochEntry(3, 100), new EpochEntry(5, 200)));

        Files.LoadEpochs(200).Entries.Should().Equal(new EpochEntry(1, 0), new EpochEntry(3, 100));
        Files.LoadEpochs(201).Entries.Should().HaveCount(3);
    }
}
