using RocketOps.Hosting.Files;
using RocketOps.Testing;

namespace RocketOps.Hosting.Tests.Files;

public sealed class WholeFileTests : IDisposable
{
    private const UnixFileMode OwnersOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TempDirectory _directory = new("whole-");

    [Fact]
    public void Write_WhileSomebodyReads_LeavesTheReaderTheOldContent()
    {
        string path = _directory.File("file");
        WholeFile.Write(path, "a longer one");
        using FileStream reader = File.OpenRead(path);

        WholeFile.Write(path, "kürzer");

        new StreamReader(reader).ReadToEnd().Should().Be("a longer one");
        File.ReadAllBytes(path).Should().Equal("kürzer"u8.ToArray(), "UTF-8 without a mark");
        Directory.GetFiles(_directory.Path).Should().Equal(path);
    }

    [Fact]
    public void Write_CannotBeDone_LeavesTheOldContent()
    {
        string path = _directory.File("file");
        WholeFile.Write(path, "old");
        Directory.CreateDirectory($"{path}.tmp");

        FluentActions.Invoking(() => WholeFile.Write(path, "new")).Should().Throw<UnauthorizedAccessException>();

        File.ReadAllText(path).Should().Be("old");
    }

    [Fact]
    public void Write_Private_IsForItsOwnerWhateverACrashLeft()
    {
        string path = _directory.File("file");
        File.WriteAllText(path, "for everybody");
        File.WriteAllText($"{path}.tmp", "left over, for everybody to read");

        WholeFile.Write(path, "secret", isPrivate: true);

        File.ReadAllText(path).Should().Be("secret");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(path).Should().Be(OwnersOnly);
        }
    }

    public void Dispose() => _directory.Dispose();
}
