using System.Text;
using System.Text.Json.Nodes;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests.Dump;

/// <summary>What a cut took off a log, read again.</summary>
public sealed class DivergedLogTests
{
    private const string Root = "/store";

    [Fact]
    public async Task Read_OfACutOverSeveralFilesOfTheLog_GivesEveryMessage()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        List<string> wanted = [];
        await using (MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, time, hasThreads: false))
        {
            PhysicalOffset cut = default;
            for (int i = 0; i < 400; i++)
            {
                string body = $"{i}:" + new string('x', 300 + (i % 7 * 20));
                AppendResult result = store.Append("T", i % 3, body, $"UNIQ_KEY\u0001K{i}\u0002");
                store.Writer.WritePending();
                store.Flusher.Pass(everything: true);
                if (i == 7)
                {
                    cut = result.Offset;
                }

                if (i >= 7)
                {
                    wanted.Add(body);
                }

                if (i % 20 == 0)
                {
                    store.Maintenance.Pass();
                }
            }

            store.GetStats().MaxOffset.Value.Should().BeGreaterThan(2 * 64 * 1024, "it is about several files");
            await store.TruncateAsync(cut, DivergedLog.DirectoryName, CancellationToken.None);
        }

        DivergedLog log = DivergedLog.List(files, Root).Should().ContainSingle().Subject;
        log.CutAt.Should().BeCloseTo(time.GetUtcNow(), TimeSpan.FromMilliseconds(1), "its name has milliseconds");
        using DivergedReader reader = new(files, log);
        List<string> read = [];
        while (reader.MoveNext())
        {
            read.Add(Encoding.UTF8.GetString(reader.Current.Body));
        }

        reader.Problem.Should().BeNull();
        read.Should().Equal(wanted);
        using MemoryStream output = new();
        StoreDumper.DumpDiverged(files, log, output, CancellationToken.None).Should().BeNull();
        Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonNode.Parse(line)!["uniqKey"]!.GetValue<string>())
            .Should().Equal(Enumerable.Range(7, 393).Select(static i => $"K{i}"));
    }

    [Fact]
    public async Task Read_OfADamagedFile_SaysWhereAndKeepsWhatIsBefore()
    {
        MemoryFileSystem files = new();
        List<AppendResult> sent = [];
        await using (MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < 10; i++)
            {
                sent.Add(store.Append("T", 0, $"{i}", string.Empty));
            }

            store.Writer.WritePending();
            await store.TruncateAsync(sent[0].Offset, DivergedLog.DirectoryName, CancellationToken.None);
        }

        DivergedLog log = DivergedLog.List(files, Root).Single();
        long damaged = sent[6].Offset.Value - sent[0].Offset.Value;
        using (IStoreFile file = files.Open(log.Path, FileOpenMode.OpenOrCreate))
        {
            file.Write([0x7F, 0xFF, 0xFF, 0xFF], damaged);
        }

        using DivergedReader reader = new(files, log);
        int read = 0;
        while (reader.MoveNext())
        {
            read++;
        }

        read.Should().Be(6);
        reader.Problem.Should().Be($"at offset {sent[6].Offset.Value} of the log begins no record");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Read_OfBytesChangedAtRandom_NeverFails(int seed)
    {
        MemoryFileSystem files = new();
        await using (MessageStore store = await SmallStore.StartAsync(SmallStore.Options(Root), files, new FakeTimeProvider(), hasThreads: false))
        {
            AppendResult first = store.Append("T", 0, "0", string.Empty);
            for (int i = 1; i < 20; i++)
            {
                store.Append("T", 0, $"{i}", "KEYS\u0001k\u0002");
            }

            store.Writer.WritePending();
            await store.TruncateAsync(first.Offset, DivergedLog.DirectoryName, CancellationToken.None);
        }

        DivergedLog log = DivergedLog.List(files, Root).Single();
        Random random = new(seed);
        for (int round = 0; round < 500; round++)
        {
            using (IStoreFile file = files.Open(log.Path, FileOpenMode.OpenOrCreate))
            {
                file.Write([(byte)random.Next(256)], random.NextInt64(log.Bytes));
            }

            using DivergedReader reader = new(files, log);
            int read = 0;
            while (reader.MoveNext())
            {
                read++;
            }

            read.Should().BeLessThanOrEqualTo(20);
        }
    }

    [Fact]
    public void List_LeavesOutWhatIsNoneOfThem()
    {
        MemoryFileSystem files = new();
        files.CreateDirectory($"{Root}/diverged");
        foreach (string name in (string[])["notes.txt", "00000000000000000000.log", "00000000000000000012-20261121101112013.log", "00000000000000000012-2026112110111201.log", "12-20261121101112013.log"])
        {
            files.Open($"{Root}/diverged/{name}", FileOpenMode.OpenOrCreate).Dispose();
        }

        DivergedLog.List(files, Root).Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            Offset = 12L,
            CutAt = new DateTimeOffset(2026, 11, 21, 10, 11, 12, 13, TimeSpan.Zero),
            Bytes = 0L,
        });
        DivergedLog.List(files, "/elsewhere").Should().BeEmpty();
    }
}
