using System.Buffers;
using RocketOps.Store.Files;

namespace RocketOps.Store.Tests.Files;

public sealed class FileOutputTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(65_535, 7)]
    [InlineData(65_536, 65_536)]
    [InlineData(65_537, 1_000)]
    [InlineData(300_000, 1)]
    [InlineData(300_000, 100_000)]
    public void Write_InPiecesOfAnySize_IsTheFilesContent(int bytes, int piece)
    {
        MemoryFileSystem files = new();
        byte[] content = new byte[bytes];
        new Random(1).NextBytes(content);

        using IStoreFile file = files.Open("/file", FileOpenMode.Truncate);
        FileOutput output = new(file);
        for (int at = 0; at < bytes; at += piece)
        {
            output.Write(content.AsSpan(at, Math.Min(piece, bytes - at)));
        }

        output.Flush();

        byte[] written = new byte[bytes + 1];
        file.Read(written, 0).Should().Be(bytes);
        written.AsSpan(0, bytes).SequenceEqual(content).Should().BeTrue();
    }
}
