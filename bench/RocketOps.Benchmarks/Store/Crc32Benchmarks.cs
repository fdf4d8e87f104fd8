using BenchmarkDotNet.Attributes;

namespace RocketOps.Benchmarks.Store;

/// <summary>The checksum of a body. Expected allocation: 0 B.</summary>
[MemoryDiagnoser]
public class Crc32Benchmarks
{
    private byte[] _body = [];

    [Params(16, 128, 1024, 65536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _body = new byte[Bytes];
        new Random(1).NextBytes(_body);
    }

    [Benchmark]
    public int Compute() => MaskedCrc32.Compute(_body);
}
