using RocketOps.Store.Contracts;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Store.Tests.Files;

/// <summary>Disks that do less than asked: everything gets written and read in the end, or the errno says why not.</summary>
public sealed class LinuxFileTests : IDisposable
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int At = 5;

    private static readonly byte[] Bytes = [.. Enumerable.Range(1, 100).Select(i => (byte)i)];

    private readonly TempDirectory _directory = new();

    private string FilePath => _directory.File("file");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(99)]
    [InlineData(-Interrupted, 40, -Interrupted, -Interrupted, 59)]
    [InlineData(-Interrupted)]
    public void Write_ShortOrInterrupted_GoesOnWhereItStopped(params int[] answers)
    {
        using (LinuxFile file = Open(new BadDiskCalls(answers)))
        {
            file.Write(Bytes, At);
        }

        Written().Should().Equal(Bytes);
    }

    [Fact]
    public void WriteTwoPieces_StoppedAtAnyByte_WritesBothWhole()
    {
        for (int split = 0; split <= Bytes.Length; split++)
        {
            for (int stop = 1; stop <= Bytes.Length; stop++)
            {
                File.Delete(FilePath);
                using (LinuxFile file = Open(new BadDiskCalls(-Interrupted, stop, -Interrupted, 3)))
                {
                    file.Write(Bytes.AsSpan(0, split), Bytes.AsSpan(split), At);
                }

                Written().AsSpan().SequenceEqual(Bytes).Should().BeTrue($"the pieces meet at {split}, and the kernel stopped after {stop} bytes");
            }
        }
    }

    [Theory]
    [InlineData(StoreIOException.InputOutput, false)]
    [InlineData(StoreIOException.NoSpace, true)]
    [InlineData(StoreIOException.QuotaExceeded, true)]
    public void Write_FailsInTheMiddle_ThrowsTheErrnoAndStops(int errno, bool isDiskFull)
    {
        BadDiskCalls one = new(30, -errno);
        BadDiskCalls two = new(70, -errno);
        BadDiskCalls twoAtOnce = new(-errno);

        Failing(one, file => file.Write(Bytes, At)).Should().Match<StoreIOException>(e => e.Operation == "pwrite" && e.Errno == errno && e.IsDiskFull == isDiskFull && e.FilePath == FilePath);
        Failing(two, file => file.Write(Bytes.AsSpan(0, 50), Bytes.AsSpan(50), At)).Should().Match<StoreIOException>(e => e.Operation == "pwrite" && e.Errno == errno);
        Failing(twoAtOnce, file => file.Write(Bytes.AsSpan(0, 50), Bytes.AsSpan(50), At)).Should().Match<StoreIOException>(e => e.Operation == "pwritev" && e.Errno == errno);

        one.Calls.Should().Be(2);
        two.Calls.Should().Be(2);
        twoAtOnce.Calls.Should().Be(1);
    }

    [Fact]
    public void Write_NothingWrittenAndNoError_DoesNotGoOnForEver()
    {
        Failing(new BadDiskCalls(10, 0), file => file.Write(Bytes, At)).Message.Should().Contain("none of 90 bytes was written");
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(-Interrupted, 60, -Interrupted)]
    public void Read_ShortOrInterrupted_GoesOnToTheEndOfTheFile(params int[] answers)
    {
        File.WriteAllBytes(FilePath, Bytes);
        using LinuxFile file = Open(new BadDiskCalls(answers));
        byte[] destination = new byte[200];

        file.Read(destination, 10).Should().Be(90);

        destination.Take(90).Should().Equal(Bytes.Skip(10));
    }

    [Fact]
    public void Read_Fails_ThrowsTheErrno()
    {
        File.WriteAllBytes(FilePath, Bytes);

        Failing(new BadDiskCalls(10, -StoreIOException.InputOutput), file => file.Read(new byte[50], 0))
            .Should().Match<StoreIOException>(e => e.Operation == "pread" && e.Errno == StoreIOException.InputOutput);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(0)]
    [InlineData(-TryAgain)]
    [InlineData(-StoreIOException.InputOutput)]
    [InlineData(-StoreIOException.NotSupported)]
    public void TryReadCached_NotAllThere_LeavesItToThoseWhoMayWait(int answer)
    {
        File.WriteAllBytes(FilePath, Bytes);
        using LinuxFile file = Open(new BadDiskCalls(answer));

        file.TryReadCached(new byte[50], 0).Should().Be(-1);
        file.TryReadCached(new byte[50], 0).Should().Be(50);
    }

    [Fact]
    public void FlushData_Fails_IsNeverRepeated()
    {
        BadDiskCalls calls = new(-StoreIOException.InputOutput);

        Failing(calls, file => file.FlushData()).Should().Match<StoreIOException>(e => e.Operation == "fdatasync" && e.Errno == StoreIOException.InputOutput);

        calls.Calls.Should().Be(1, "a second call would report success although the pages are gone");
    }

    [Fact]
    public void WriteBack_Fails_CountsAsAFailedFlush()
    {
        BadDiskCalls calls = new(-Interrupted, -StoreIOException.NoSpace);

        Failing(calls, file => file.WriteBack(0, 4096)).Should().Match<StoreIOException>(e => e.Operation == "sync_file_range" && e.IsDiskFull && !e.MayBeRetried);

        calls.Calls.Should().Be(2, "the kernel has told it to this file once and would not tell the flush");
    }

    [Theory]
    [InlineData(NativeMethods.NoSuchCall)]
    [InlineData(StoreIOException.NotSupported)]
    public void WriteBack_SystemCannot_LeavesItToTheFlush(int errno)
    {
        using LinuxFile file = Open(new BadDiskCalls(100, -errno));
        file.Write(Bytes, At);

        file.WriteBack(0, 4096);
        file.FlushData();

        Written().Should().Equal(Bytes);
    }

    [Fact]
    public void CallsWithoutALength_Interrupted_AreMadeAgain()
    {
        BadDiskCalls calls = new(-Interrupted, 0, -Interrupted, 0, -Interrupted, -Interrupted, 0);
        using LinuxFile file = Open(calls);

        file.FlushData();
        file.SetLength(1000);
        file.Allocate(0, 5000);

        calls.Calls.Should().Be(7);
        file.Length.Should().Be(5000);
    }

    [Fact]
    public void Allocate_FileSystemCannotReserve_ExtendsOnly()
    {
        using LinuxFile file = Open(new BadDiskCalls(-StoreIOException.NotSupported, -Interrupted));

        file.Allocate(0, 4096);
        file.Length.Should().Be(4096);

        using LinuxFile longer = Open(new BadDiskCalls(-StoreIOException.NotSupported));
        longer.Allocate(0, 100);
        longer.Length.Should().Be(4096, "a longer file keeps what it has");
    }

    [Fact]
    public void AllocateAndSetLength_Fail_ThrowTheErrno()
    {
        Failing(new BadDiskCalls(-StoreIOException.NoSpace), file => file.Allocate(0, 4096)).Should().Match<StoreIOException>(e => e.Operation == "fallocate" && e.IsDiskFull);
        Failing(new BadDiskCalls(-StoreIOException.InputOutput), file => file.SetLength(4096)).Should().Match<StoreIOException>(e => e.Operation == "ftruncate" && !e.IsDiskFull);
    }

    [Fact]
    public void NextDataOffset_SparseFile_SkipsHoles()
    {
        using LinuxFile file = Open(FileCalls.Kernel);
        file.SetLength(1 << 20);
        file.Write(Bytes, 512 * 1024);

        file.NextDataOffset(0).Should().BeInRange(0, 512 * 1024, "a file system without holes says that all is data");
        file.NextDataOffset(1 << 20).Should().Be(-1);
        file.GetDataEnd().Should().BeGreaterThanOrEqualTo((512 * 1024) + Bytes.Length);
    }

    [SkippableFact]
    public async Task Store_OnADiskThatIsReallyFull_RefusesWhatDoesNotFitAndLosesNothing()
    {
        using SmallDisk disk = SmallDisk.Mount(_directory.File("disk"), kilobytes: 400);
        await using (MessageStore store = await SmallStore.StartAsync(SmallStore.Options(disk.Path)))
        {
            byte[] body = new byte[1000];
            int accepted = 0;
            while (store.TryAppendWaiting("T", 0, body, out _) == AppendStatus.Ok)
            {
                store.Writer.WritePending();
                accepted++;
            }

            store.Flags.Should().Be(StoreFlags.DiskFull);
            accepted.Should().BeGreaterThan(100);
            await Eventually.TrueAsync(async () => (await store.ReadAllAsync("T", 0)).Count == accepted, "what was taken can be read");
            Directory.GetFiles(Path.Combine(disk.Path, "commitlog")).Select(file => new FileInfo(file).Length).Should().OnlyContain(length => length == 65536);
        }
    }

    [SkippableFact]
    public void Write_LastFreeBlocks_WritesPartAndThrowsNoSpace()
    {
        using SmallDisk disk = SmallDisk.Mount(_directory.File("disk"), kilobytes: 64);
        using IStoreFile file = new LinuxFileSystem().Open(Path.Combine(disk.Path, "file"), FileOpenMode.OpenOrCreate);

        StoreIOException failure = FluentActions.Invoking(() => file.Write(new byte[40_000], new byte[200_000], 0)).Should().Throw<StoreIOException>().Which;

        failure.Should().Match<StoreIOException>(e => e.Operation == "pwrite" && e.IsDiskFull);
        file.Length.Should().Be(65536, "the first call stopped in the middle of the second piece");
    }

    private LinuxFile Open(FileCalls calls) => (LinuxFile)new LinuxFileSystem(calls).Open(FilePath, FileOpenMode.OpenOrCreate);

    private byte[] Written() => File.ReadAllBytes(FilePath)[At..];

    private StoreIOException Failing(FileCalls calls, Action<LinuxFile> call)
    {
        using LinuxFile file = Open(calls);
        return FluentActions.Invoking(() => call(file)).Should().Throw<StoreIOException>().Which;
    }
}
