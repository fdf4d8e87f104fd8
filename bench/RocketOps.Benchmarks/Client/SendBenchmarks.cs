using BenchmarkDotNet.Attributes;
using RocketOps.Client;
using RocketOps.Client.Tests.Support;

namespace RocketOps.Benchmarks.Client;

/// <summary>
/// One send and its answer over loopback, the other end being a thread that answers from memory without allocating: the time is mostly the kernel's, the bytes are the
/// client's.
/// </summary>
[MemoryDiagnoser]
public class SendBenchmarks
{
    private readonly CannedBroker _broker = new();
    private readonly Message _message = new("T", new byte[128], "TagA", "key-1");
    private readonly Task<SendResult>[] _inFlight = new Task<SendResult>[32];
    private RocketMqProducer? _producer;

    [GlobalSetup]
    public void Setup() => _producer = new RocketMqProducer(new ProducerOptions { NameServers = _broker.Address });

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _producer!.DisposeAsync();
        _broker.Dispose();
    }

    [Benchmark(Baseline = true)]
    public Task<SendResult> RoundTrip() => _producer!.SendAsync(_message);

    [Benchmark(OperationsPerInvoke = 32)]
    public Task ThirtyTwoInFlight()
    {
        for (int i = 0; i < _inFlight.Length; i++)
        {
            _inFlight[i] = _producer!.SendAsync(_message);
        }

        return Task.WhenAll(_inFlight);
    }
}
