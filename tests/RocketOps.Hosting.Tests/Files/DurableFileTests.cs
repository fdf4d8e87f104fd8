using RocketOps.Hosting.Files;
using RocketOps.Testing;

namespace RocketOps.Hosting.Tests.Files;

public sealed class DurableFileTests : IDisposable
{
    private readonly TempDirectory _directory = new("durable-");

    [Fact]
    public async Task Write_Content_IsUnderItsNameBeforeTheFolderIsFlushed()
    {
        string path = _directory.File("new", "file");
        List<string> flushed = [];
        DurableFile file = new(
            path,
            folder =>
            {
                flushed.Add(folder);
                File.ReadAllText(path).Should().Be("content");
            });

        await file.WriteAsync("content"u8.ToArray());

        flushed.Should().Equal(Path.GetDirectoryName(path));
        Directory.GetFiles(Path.GetDirectoryName(path)!).Should().Equal(path);
    }

    [Fact]
    public async Task Write_FolderCannotBeFlushed_Fails()
    {
        DurableFile file = new(_directory.File("file"), static _ => throw new IOException("no"));

        await file.Invoking(static file => file.WriteAsync("x"u8.ToArray())).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task Write_Again_ReplacesTheContent()
    {
        string path = _directory.File("file");
        await new DurableFile(path).WriteAsync("a longer one"u8.ToArray());

        await new DurableFile(path).WriteAsync("short"u8.ToArray());

        (await File.ReadAllTextAsync(path)).Should().Be("short");
    }

    [Fact]
    public void Write_Private_IsForItsOwner()
    {
        string path = _directory.File("file");

        new DurableFile(path, isPrivate: true).Write("secret"u8);

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(path).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    public void Dispose() => _directory.Dispose();
}
