using System.IO.Pipelines;
using System.Text;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Testing;

namespace RocketOps.Embedded.Tests.Kubelet.Logs;

public sealed class ContainerLogTests : IDisposable
{
    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Append_OutputInPieces_ComesBackAsWritten()
    {
        const string text = "first\nsecond line\n\nlast without end";
        using ContainerLog log = NewLog();

        foreach (byte piece in Encoding.UTF8.GetBytes(text))
        {
            log.Append(LogChannel.Stdout, [piece]);
        }

        log.Complete();
        (await ReadAsync(log, new LogReadOptions())).Should().Be(text + "\n");
    }

    [Fact]
    public async Task Append_LineBeyondBound_IsStoredInPartsAndReadAsOneLine()
    {
        string text = new string('x', (3 * ContainerLog.MaxLineBytes) + 17) + "\n";
        using ContainerLog log = NewLog();

        log.Append(LogChannel.Stderr, Encoding.UTF8.GetBytes(text));

        log.Complete();
        (await ReadAsync(log, new LogReadOptions())).Should().Be(text);
        (await File.ReadAllLinesAsync(log.CurrentPath)).Should().HaveCount(4);
    }

    [Fact]
    public async Task Append_BeyondFileLimit_KeepsTwoFilesOfBoundedSize()
    {
        using ContainerLog log = NewLog(maxFileBytes: 2000);

        for (int i = 0; i < 500; i++)
        {
            log.Append(LogChannel.Stdout, Encoding.UTF8.GetBytes($"line {i}\n"));
        }

        log.Complete();
        Directory.GetFiles(_folder.Path).Should().HaveCount(2).And.OnlyContain(file => new FileInfo(file).Length <= 2000);
        (await ReadAsync(log, new LogReadOptions { TailLines = 2 })).Should().Be("line 498\nline 499\n");
    }

    [SkippableFact]
    public async Task Append_FileRefusesWrites_GoesOnAndSaysWhatWasLost()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/dev/full is Linux's");
        File.CreateSymbolicLink(_folder.File("0.log"), "/dev/full");
        using ContainerLog log = NewLog();

        log.Append(LogChannel.Stdout, "lost\n"u8);
        log.LastLine.Should().Be("lost");

        // The disk has room again.
        File.Delete(_folder.File("0.log"));
        log.Append(LogChannel.Stdout, "kept\n"u8);

        log.Complete();
        (await ReadAsync(log, new LogReadOptions())).Should().MatchRegex("^rocketops: output before this line was lost: .+\nkept\n$");
    }

    [Fact]
    public async Task Follow_LimitReached_Ends()
    {
        using ContainerLog log = NewLog();
        log.Append(LogChannel.Stdout, "first\nsecond\n"u8);

        (await ReadAsync(log, new LogReadOptions { Follow = true, TailLines = 1, LimitBytes = 4 }).WaitAsync(Eventually.DefaultDeadline)).Should().Be("seco");
    }

    [Fact]
    public async Task Follow_WhileRotating_SeesEveryLineInOrder()
    {
        using ContainerLog log = NewLog(maxFileBytes: 4000);
        log.Append(LogChannel.Stdout, "line 0\n"u8);
        Pipe pipe = new();
        Task copy = Task.Run(async () =>
        {
            await new ContainerLogReader(log.CurrentPath, log, new LogReadOptions { Follow = true }).CopyToAsync(pipe.Writer, CancellationToken.None);
            await pipe.Writer.CompleteAsync();
        });
        using StreamReader reader = new(pipe.Reader.AsStream());

        // One line at a time: a follower that keeps up loses nothing to rotation.
        (await reader.ReadLineAsync()).Should().Be("line 0");
        for (int i = 1; i < 300; i++)
        {
            log.Append(LogChannel.Stdout, Encoding.UTF8.GetBytes($"line {i}\n"));
            (await reader.ReadLineAsync()).Should().Be($"line {i}");
        }

        log.Complete();
        (await reader.ReadLineAsync()).Should().BeNull();
        await copy;
    }

    [Fact]
    public async Task Read_LimitBytes_EndsThere()
    {
        using ContainerLog log = NewLog();
        log.Append(LogChannel.Stdout, "0123456789\n"u8);
        log.Complete();

        (await ReadAsync(log, new LogReadOptions { LimitBytes = 4 })).Should().Be("0123");
    }

    private static async Task<string> ReadAsync(ContainerLog log, LogReadOptions options)
    {
        using MemoryStream output = new();
        PipeWriter writer = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true));
        await new ContainerLogReader(log.CurrentPath, options.Follow ? log : null, options).CopyToAsync(writer, CancellationToken.None);
        await writer.CompleteAsync();
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private ContainerLog NewLog(long maxFileBytes = 1024 * 1024) => new(_folder.File("0.log"), maxFileBytes, TimeProvider.System);
}
