using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Store.Tests.Files;

/// <summary>Every failure is a <see cref="StoreIOException"/> with the errno: the store stops in order for those, and for no other exception.</summary>
public sealed class LinuxFileSystemTests : IDisposable
{
    private const int TooManyLinks = 40;

    private readonly TempDirectory _directory = new();
    private readonly LinuxFileSystem _files = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>As the kernel lays it out: a link for each device, a partition below its disk, and no number where there is no disk.</summary>
    [Theory]
    [InlineData("8:0", 12)]
    [InlineData("8:1", 12)]
    [InlineData("253:0", 7)]
    [InlineData("0:45", 0)]
    public void DiskSequence_OfADescriptor_IsItsDisks(string device, long expected)
    {
        foreach (string directory in new[] { "fdinfo", "block", "devices/sda/sda1", "devices/vda", "devices/noseq" })
        {
            Directory.CreateDirectory(_directory.File(directory));
        }

        File.WriteAllText(_directory.File("devices/sda/diskseq"), "12\n");
        File.WriteAllText(_directory.File("devices/vda/diskseq"), "7\n");
        Directory.CreateSymbolicLink(_directory.File("block/8:0"), "../devices/sda");
        Directory.CreateSymbolicLink(_directory.File("block/8:1"), "../devices/sda/sda1");
        Directory.CreateSymbolicLink(_directory.File("block/253:0"), "../devices/vda");
        File.WriteAllText(_directory.File("mountinfo"), $"22 1 0:20 / /proc rw - proc proc rw\n36 1 {device} / /var/lib/x\\040y rw,noatime shared:1 - ext4 /dev/x rw\n");
        File.WriteAllText(_directory.File("fdinfo/5"), "pos:\t0\nflags:\t02100000\nmnt_id:\t36\nino:\t2\n");

        new DiskSequence(_directory.Path, _directory.File("block")).Of(5).Should().Be(expected);
        new DiskSequence(_directory.Path, _directory.File("block")).Of(6).Should().Be(0, "the kernel does not tell");
    }

    [Fact]
    public void GetDiskSequence_OfThisMachine_StaysTheSame() => _files.GetDiskSequence(_directory.Path).Should().Be(_files.GetDiskSequence(_directory.Path)).And.BeGreaterThanOrEqualTo(0);

    [Fact]
    public void CreateDirectory_BelowAFile_ThrowsStoreIOException()
    {
        File.WriteAllText(_directory.File("file"), "");

        FluentActions.Invoking(() => _files.CreateDirectory(_directory.File("file", "topic", "0")))
            .Should().Throw<StoreIOException>(".NET's own exception would pass by whoever stops the store").Which.Operation.Should().Be("mkdir");
    }

    [Fact]
    public void Exists_MissingOrBelowAFile_SaysNo()
    {
        File.WriteAllText(_directory.File("file"), "");

        _files.FileExists(_directory.File("none")).Should().BeFalse();
        _files.FileExists(_directory.File("file", "none")).Should().BeFalse();
        _files.DirectoryExists(_directory.File("file")).Should().BeFalse();
        _files.FileExists(_directory.Path).Should().BeFalse();
        _files.FileExists(_directory.File("file")).Should().BeTrue();
        _files.DirectoryExists(_directory.Path).Should().BeTrue();
        _files.List(_directory.File("none")).Should().BeEmpty();
    }

    [Fact]
    public void Exists_DiskCannotTell_ThrowsInsteadOfSayingNo()
    {
        // A loop of links stands for any error but "not there". An abort file that cannot be looked for must not count as a clean stop.
        File.CreateSymbolicLink(_directory.File("a"), _directory.File("b"));
        File.CreateSymbolicLink(_directory.File("b"), _directory.File("a"));

        FluentActions.Invoking(() => _files.FileExists(_directory.File("a", "abort"))).Should().Throw<StoreIOException>().Which.Errno.Should().Be(TooManyLinks);
        FluentActions.Invoking(() => _files.List(_directory.File("a", "x"))).Should().Throw<StoreIOException>().Which.Errno.Should().Be(TooManyLinks);
    }

    [Fact]
    public void OpenAndDelete_Missing_ThrowTheErrno()
    {
        FluentActions.Invoking(() => _files.Open(_directory.File("none"), FileOpenMode.ReadWrite)).Should().Throw<StoreIOException>().Which.Errno.Should().Be(StoreIOException.NotFound);
        FluentActions.Invoking(() => _files.DeleteFile(_directory.File("none"))).Should().Throw<StoreIOException>().Which.Errno.Should().Be(StoreIOException.NotFound);
        FluentActions.Invoking(() => _files.Rename(_directory.File("none"), _directory.File("other"))).Should().Throw<StoreIOException>().Which.Errno.Should().Be(StoreIOException.NotFound);
        FluentActions.Invoking(() => _files.GetDiskSpace(_directory.File("none"))).Should().Throw<StoreIOException>().Which.Errno.Should().Be(StoreIOException.NotFound);
    }
}
