using RocketOps.Broker.Failover;
using RocketOps.Election.Epochs;
using RocketOps.Election.Members;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Failover;

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
        MemberState first = Load(Whole, flushed);
        Files.Write(first with { GroupId = "g", Promised = 9, Seen = 8 });

        // How the next run flushes says nothing of the one before.
        MemberState second = Load(Whole with { HasKernel = hasKernel, HasDurable = hasDurable }, FlushDiskType.SyncFlush);

        (second.Incarnation == first.Incarnation).Should().Be(same);
        second.Should().Be(new MemberState("g", second.Incarnation, 9, 8), "promises are kept by whatever copy");
    }

    [Fact]
    public void Load_TheSameFileTwice_NotesTheNewCopy()
    {
        Load(Whole);
        MemberState second = Load(Whole with { HasKernel = false });

        Load(Whole).Should().Be(second);
    }

    /// <summary>It would begin an epoch that its log has already, or has one behind.</summary>
    [Fact]
    public void Load_WithoutAPromise_PromisesTheEpochsOfItsLog()
    {
        Load(Whole);
        Files.Write(EpochHistory.Of(new EpochEntry(3, 0), new EpochEntry(7, 100)));
        File.Delete(_directory.File(MemberStateFile.Name));

        Load(Whole, logEnd: 50).Should().Match<MemberState>(static state => state.GroupId.Length == 0 && state.Promised == 7);
    }

    [Fact]
    public void Load_DamagedPromise_IsRefused()
    {
        Load(Whole);
        string path = _directory.File(MemberStateFile.Name);
        File.WriteAllText(path, File.ReadAllText(path).Replace("promised=0", "promised=1", StringComparison.Ordinal));

        ((Action)(() => Load(Whole))).Should().Throw<InvalidDataException>().WithMessage($"*{path}*");
    }

    [Fact]
    public void LoadKey_OfOneStore_IsTheSameAndForItsOwnerAlone()
    {
        (MemberKey first, bool wasThere) = Files.LoadKey();
        (MemberKey again, bool isThere) = Files.LoadKey();

        (wasThere, isThere).Should().Be((false, true));
        again.Text.Should().Be(first.Text).And.HaveLength(64);
        MemberKey.IsOf(again.Text, first.Digest).Should().BeTrue();
        ModeOf(_directory.File(MemberKey.FileName)).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ModeOf(WithState()).Should().HaveFlag(UnixFileMode.OtherRead, "other files are as they were");
    }

    [Theory]
    [InlineData("")]
    [InlineData("0123\n")]
    [InlineData("zaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")]
    public void LoadKey_OfAFileThatHoldsNone_MakesAnother(string content)
    {
        string path = _directory.File(MemberKey.FileName);
        File.WriteAllText(path, content);
        File.WriteAllText($"{path}.tmp", "left over, for everybody to read");

        (MemberKey made, bool wasThere) = Files.LoadKey();

        wasThere.Should().BeFalse();
        Files.LoadKey().Key.Text.Should().Be(made.Text).And.NotBe(MemberKey.New().Text);
        ModeOf(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>The store's files are Linux's.</summary>
    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException() : File.GetUnixFileMode(path);

    private string WithState()
    {
        Load(Whole);
        return _directory.File(MemberStateFile.Name);
    }

    [Fact]
    public void LoadEpochs_OfWhichTheLogHasNothing_AreForgotten()
    {
        Files.Write(EpochHistory.Of(new EpochEntry(1, 0), new EpochEntry(3, 100), new EpochEntry(5, 200)));

        EpochsAt(200).Should().Equal(new EpochEntry(1, 0), new EpochEntry(3, 100));
        EpochsAt(201).Should().HaveCount(3);

        IReadOnlyList<EpochEntry> EpochsAt(long end) => Files.Load(Whole, FlushDiskType.AsyncFlush, 0, end).Epochs.Entries;
    }

    [Fact]
    public void Load_OfAGroupWithBytesAndWithoutEpochs_IsRefusedAndChangesNothing()
    {
        MemberState member = JoinedMember();
        File.Delete(_directory.File(EpochFile.Name));

        ((Action)(() => Files.Load(Whole, FlushDiskType.SyncFlush, 0, 200))).Should().Throw<InvalidDataException>()
            .WithMessage($"*{_directory.File(EpochFile.Name)} is missing*group {member.GroupId}*move the whole store away*");
        File.Exists(_directory.File(EpochFile.Name)).Should().BeFalse();
        File.ReadAllText(_directory.File(MemberFiles.RunName)).Should().Be("flush=ASYNC_FLUSH\n");
    }

    [Fact]
    public void Load_OfAGroupWithoutBytesAndEpochs_IsAnotherCopyThatMayJoin()
    {
        MemberState member = JoinedMember();
        File.Delete(_directory.File(EpochFile.Name));

        MemberState next = Files.Load(Whole, FlushDiskType.AsyncFlush, 64, 64).State;

        next.Incarnation.Should().NotBe(member.Incarnation, "who knows what else is gone");
        Files.Load(Whole, FlushDiskType.AsyncFlush, 64, 200).State.Should().Be(next, "it has copied some before it was told of an epoch, and is what it was");
    }

    [Fact]
    public void Load_OfAGroupWithoutACheckpoint_IsAnotherCopy()
    {
        MemberState member = JoinedMember();

        Files.Load(Whole with { HasCheckpoint = false }, FlushDiskType.AsyncFlush, 0, 200).State.Should().Be(member with { Incarnation = Load(Whole).Incarnation }).And.NotBe(member);
    }

    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public void Load_OfADamagedLog_IsAnotherCopy(FlushDiskType flushed)
    {
        MemberState first = Load(Whole, flushed);

        Load(Whole with { HasDamage = true }, flushed).Incarnation.Should().NotBe(first.Incarnation);
    }

    /// <summary>After a failed flush the next start finds what the kernel shows, which may be another thing than what was acknowledged.</summary>
    [Theory]
    [InlineData(FlushDiskType.AsyncFlush)]
    [InlineData(FlushDiskType.SyncFlush)]
    public void Load_AfterARunInWhichTheLogFailed_IsAnotherCopyOnce(FlushDiskType flushed)
    {
        MemberFiles files = Files;
        MemberState first = files.Load(Whole, flushed, 0, 0).State;

        files.NoteFailure();

        File.ReadAllText(_directory.File(MemberFiles.RunName)).Should().Be(flushed == FlushDiskType.SyncFlush ? "flush=SYNC_FLUSH failed\n" : "flush=ASYNC_FLUSH failed\n");
        MemberState second = Load(Whole, flushed);
        second.Incarnation.Should().NotBe(first.Incarnation);
        Load(Whole, flushed).Should().Be(second);
    }

    [Fact]
    public void Load_WithoutAGroup_NeedsNeitherEpochsNorACheckpoint()
    {
        MemberState first = Files.Load(Whole with { HasCheckpoint = false }, FlushDiskType.AsyncFlush, 0, 200).State;

        Files.Load(Whole with { HasCheckpoint = false }, FlushDiskType.AsyncFlush, 0, 200).State.Should().Be(first, "it was a store with a fixed role, or RocketMQ's");
    }

    /// <summary>Its group is noted before its first epoch begins.</summary>
    [Fact]
    public void Load_AFounderWasKilledBeforeItsFirstEpoch_IsTheSameCopy()
    {
        MemberFiles files = Files;
        MemberState member = files.Load(Whole, FlushDiskType.AsyncFlush, 0, 200).State with { GroupId = "g" };

        files.Write(member);

        (MemberState state, EpochHistory epochs) = Files.Load(Whole, FlushDiskType.AsyncFlush, 0, 200);
        state.Should().Be(member);
        epochs.Entries.Should().BeEmpty();
    }

    [Fact]
    public void Write_APromiseOfAMemberWhoseEpochsAreGone_DoesNotHideThat()
    {
        MemberState member = JoinedMember();
        MemberFiles files = Files;
        files.Load(Whole, FlushDiskType.AsyncFlush, 0, 200);
        File.Delete(_directory.File(EpochFile.Name));

        files.Write(member with { Promised = 9 });

        ((Action)(() => Load(Whole, logEnd: 200))).Should().Throw<InvalidDataException>();
    }

    private static StoreContinuity Whole => new(HasKernel: true, HasDurable: true, HasCheckpoint: true, HasDamage: false);

    /// <summary>Has joined a group and copied 200 bytes of two epochs.</summary>
    private MemberState JoinedMember()
    {
        MemberFiles files = Files;
        MemberState member = files.Load(Whole, FlushDiskType.AsyncFlush, 0, 0).State with { GroupId = "g", Promised = 3, Seen = 3 };
        files.Write(EpochHistory.Of(new EpochEntry(1, 0), new EpochEntry(3, 100)));
        files.Write(member);
        return member;
    }

    private MemberState Load(StoreContinuity continuity, FlushDiskType flush = FlushDiskType.AsyncFlush, long logEnd = 0) => Files.Load(continuity, flush, 0, logEnd).State;
}
