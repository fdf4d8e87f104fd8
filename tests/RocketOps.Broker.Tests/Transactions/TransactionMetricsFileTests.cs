using System.Text;
using RocketOps.Broker.Tests.Support;
using RocketOps.Testing.Time;
using RocketOps.Testing;

namespace RocketOps.Broker.Tests.Transactions;

/// <summary>config/transactionMetrics, which Apache's broker begins with when it is given the store.</summary>
public sealed class TransactionMetricsFileTests
{
    private const string Path = "/store/config/transactionMetrics";
    private const string Topic = "Orders";

    [Fact]
    public async Task File_EveryFiveMinutes_IsRenewed()
    {
        MemoryFileSystem files = new();
        FakeTimeProvider time = new();
        DateTimeOffset begin = time.GetUtcNow();
        await using TestBroker broker = await TestBroker.StartAsync(new(StringComparer.Ordinal) { ["storePathRootDir"] = "/store" }, fileSystem: files, time: time);
        await broker.CreateTopicAsync(Topic);

        for (int open = 1; open <= 2; open++)
        {
            // The one before has been away for too long.
            await using Producer producer = await Producer.StartAsync(broker, "pg");
            await producer.SendHalfAsync(Topic, $"half {open}", time.GetUtcNow());
            await Eventually.TrueAsync(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(10));
                    return files.FileExists(Path) && Read(files).Contains($"\"{Topic}\":{{\"count\":{open},", StringComparison.Ordinal);
                },
                $"the file says {open}");
            (time.GetUtcNow() - begin).Should().BeGreaterThanOrEqualTo(open * TimeSpan.FromMinutes(5));
        }
    }

    private static string Read(MemoryFileSystem files)
    {
        using Store.Files.IStoreFile file = files.Open(Path, Store.Files.FileOpenMode.Read);
        byte[] content = new byte[file.Length];
        return Encoding.UTF8.GetString(content, 0, file.Read(content, 0));
    }
}
