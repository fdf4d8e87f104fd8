using RocketOps.Store.Files;
using RocketOps.Testing;

namespace RocketOps.Store.Tests;

/// <summary>Every failure is a <see cref="StoreIOException"/> with the errno: the store stops in order for those, and for no other exception.</summary>
public sealed class LinuxFileSystemTests : IDisposable
{
    private const int TooManyLinks = 40;

    private readonly TempDirectory _directory = new();
    private readonly LinuxFileSystem _files = new();

    public void Dispose() => _directory.Dispose();

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
