using System.Text;
using System.Text.Json;
using RocketOps.Store.Contracts;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;
using RocketOps.Store.Reading;
using RocketOps.Store.Records;
using RocketOps.Store.Tests.Support;
using RocketOps.Testing.Time;

namespace RocketOps.Store.Tests;

/// <summary>Random and mutated bytes in every file: decoders answer, and never throw what nobody catches or take memory by a length they read.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void Parse_RandomBytes_NeverThrows()
    {
        Random random = new(3);
        byte[] bytes = new byte[400];
        for (int i = 0; i < 100_000; i++)
        {
            random.NextBytes(bytes);
            if (i % 2 == 0)
            {
                // Past the first checks.
                Convert.FromHexString("000000C8DAA320A7").CopyTo(bytes, 0);
                bytes[39] = (byte)random.Next(0x40);
                bytes.AsSpan(84, 3).Clear();
            }

            RecordCheck check = RecordView.Parse(bytes.AsSpan(0, random.Next(bytes.Length)), -1, verifyCrc: i % 3 == 0, out RecordView record);
            if (check == RecordCheck.Valid)
            {
                _ = RecordProperties.Read(record.Properties);
                _ = record.BornHost;
            }

            BatchBodyReader batch = new(bytes);
            while (batch.MoveNext())
            {
            }
        }
    }

    [Fact]
    public async Task DumpVerifyAndStart_MutatedFiles_EndWithAnAnswer()
    {
        StoreOptions options = SmallStore.Options("/store");
        MemoryFileSystem original = new();
        await using (MessageStore store = await SmallStore.StartAsync(options, original, new FakeTimeProvider(), hasThreads: false))
        {
            for (int i = 0; i < 300; i++)
            {
                store.Append("T", i % 2, $"body {i}", $"UNIQ_KEY\u0001u{i}");
            }

            store.Writer.WritePending();
        }

        original.CreateDirectory("/store/config");
        using (IStoreFile offsets = original.Open("/store/config/consumerOffset.json", FileOpenMode.OpenOrCreate))
        {
            offsets.Write(Encoding.UTF8.GetBytes("{\n\t\"offsetTable\":{\"T@g\":{0:15,1 :9}}\n}"), 0);
        }

        Random random = new(5);
        List<string> paths = original.Paths.Where(path => !path.EndsWith("lock", StringComparison.Ordinal)).ToList();
        for (int round = 0; round < 300; round++)
        {
            MemoryFileSystem files = original.AfterKill();
            string path = paths[random.Next(paths.Count)];
            using (IStoreFile file = files.Open(path, FileOpenMode.ReadWrite))
            {
                byte[] junk = new byte[random.Next(1, 64)];
                random.NextBytes(junk);
                file.Write(junk, random.NextInt64(Math.Max(1, Math.Min(file.Length, 8000) - junk.Length)));
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            StoreDumper.Dump(files, "/store", new MemoryStream(), withUnits: true, CancellationToken.None);
            new StoreVerifier(files, "/store", options.IndexSlots, _ => { }).Run(CancellationToken.None);
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(64 * 1024 * 1024, path);
            await StartAsync(options, files);
        }
    }

    [Fact]
    public void QuoteKeys_JavasOffsets_BecomeJson()
    {
        byte[] quoted = OffsetTables.QuoteKeys("""{"offsetTable":{"a@b\":1":{0:15, 12 : -3},"c":{"4":0}},"n":5}"""u8);

        using JsonDocument document = JsonDocument.Parse(quoted);
        document.RootElement.GetProperty("offsetTable").GetProperty("a@b\":1").GetProperty("12").GetInt64().Should().Be(-3);
        document.RootElement.GetProperty("n").GetInt32().Should().Be(5);
    }

    private static async Task StartAsync(StoreOptions options, MemoryFileSystem files)
    {
        try
        {
            await using MessageStore store = await SmallStore.StartAsync(options, files, new FakeTimeProvider(), hasThreads: false);
            GetResult result = new();
            await store.Reader.GetMessagesAsync(store.GetOrAddTopic("T"u8), 0, 0, new GetLimits(32), null, result, CancellationToken.None);
            await store.Reader.QueryIndexAsync(store.GetOrAddTopic("T"u8), "u7", 32, 0, long.MaxValue, CancellationToken.None);
        }
        catch (StoreException)
        {
            // Refused with a reason, which is an answer.
        }
    }
}
