using System.Text;
using BenchmarkDotNet.Attributes;
using RocketOps.Client;

namespace RocketOps.Benchmarks.Client;

/// <summary>Bodies of JSON as LZ4 frames, packed and unpacked. Expected allocation: the frame, or the body.</summary>
[MemoryDiagnoser]
public class CompressionBenchmarks
{
    private byte[] _body = [];
    private byte[] _frame = [];

    [Params(4096, 65536, 1048576)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        StringBuilder text = new();
        for (int i = 0; text.Length < Bytes; i++)
        {
            text.Append($$"""{"orderId":{{random.Next()}},"customer":"c-{{random.Next(5000)}}","state":"{{(i % 3 == 0 ? "PAID" : "OPEN")}}","cents":{{random.Next(100000)}},"line":{{i}}}""");
        }

        _body = Encoding.UTF8.GetBytes(text.ToString(0, Bytes));
        _frame = BodyCompression.TryCompress(_body, CompressionType.Lz4)!;
    }

    [Benchmark]
    public byte[]? Compress() => BodyCompression.TryCompress(_body, CompressionType.Lz4);

    [Benchmark]
    public ReadOnlyMemory<byte> Decompress() => BodyCompression.Decompress(_frame, SysFlags.Lz4, Bytes);
}
