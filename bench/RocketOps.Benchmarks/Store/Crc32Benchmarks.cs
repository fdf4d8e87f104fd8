using BenchmarkDotNet.Attributes;

namespace RocketOps.Benchmarks.Store;

/// <summary>The checksum of a body: carry-less multiplication against the tables. Expected allocation: 0 B.</summary>
[MemoryDiagnoser]
public class Crc32Benchmarks
{
    private byte[] _body = [];

    [Params(128, 1024, 65536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _body = new byte[Bytes];
        new Random(1).NextBytes(_body);
    }

    [Benchmark(Baseline = true)]
    public uint Tables() => Crc32.UpdateByTable(0xFFFFFFFF, _body);

    [Benchmark]
    public uint Compute() => Crc32.Compute(_body);
}
