using RocketOps.Store.Files;
using RocketOps.Store.Log;
using RocketOps.Store.Reading;
using RocketOps.Testing;

namespace RocketOps.Store.Tests.Reading;

/// <summary>How many files of the log are mapped at a time, and which.</summary>
public sealed class MappedFilesTests : IDisposable
{
    private const int FileBytes = 4096;

    private readonly TempDirectory _directory = new("mapped-");
    private readonly List<LogSegment> _segments = [];
    private readonly MappedFiles _mapped = new();

    public MappedFilesTests()
    {
        LinuxFileSystem files = new();
        for (int i = 0; i <= MappedFiles.Most; i++)
        {
            IStoreFile file = files.Open(_directory.File($"{i}"), FileOpenMode.OpenOrCreate);
            file.SetLength(FileBytes);
            _segments.Add(new LogSegment(i * FileBytes, file));
        }
    }

    public void Dispose()
    {
        _segments.ForEach(static segment => segment.File.Dispose());
        _directory.Dispose();
    }

    [Fact]
    public void Find_MoreThanThereIsRoomFor_LeavesThoseThatAreLookedFor()
    {
        for (int round = 0; round < 3 * MappedFiles.Patience / MappedFiles.Most; round++)
        {
            for (int i = 0; i < MappedFiles.Most; i++)
            {
                Find(i).Should().NotBeNull().And.BeSameAs(_segments[i].File.Mapping);
            }

            Find(MappedFiles.Most).Should().BeNull();
        }
    }

    [Fact]
    public async Task Find_OneThatNobodyLooksFor_MakesRoom()
    {
        for (int i = 0; i < MappedFiles.Most; i++)
        {
            Find(i);
        }

        for (int look = 0; look < MappedFiles.Patience; look++)
        {
            Find(1 + (look % (MappedFiles.Most - 1)));
        }

        Find(MappedFiles.Most).Should().NotBeNull();

        await Eventually.TrueAsync(() => _segments[0].File.Mapping is null, "its mapping is given up");
        for (int i = 1; i <= MappedFiles.Most; i++)
        {
            Find(i).Should().NotBeNull();
        }
    }

    [Fact]
    public void Find_FileThatWasClosed_HasNone()
    {
        Find(0).Should().NotBeNull();

        _segments[0].File.Dispose();

        Find(0).Should().BeNull();
    }

    private FileMapping? Find(int file) => _mapped.Find(_segments[file], FileBytes);
}
