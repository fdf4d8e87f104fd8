using System.Buffers;
using BenchmarkDotNet.Attributes;
using RocketOps.Protocol.Commands;
using RocketOps.Protocol.Framing;
using RocketOps.Protocol.Headers;

namespace RocketOps.Benchmarks.Remoting;

/// <summary>One SEND_MESSAGE_V2 frame with 1 KiB of body, read as the broker does and as everything else does. Expected allocation: 0 B but for ToCommand.</summary>
[MemoryDiagnoser]
public class HeaderBenchmarks
{
    private readonly byte[] _scratch = new byte[4096];
    private readonly byte[] _destination = new byte[4096];
    private byte[] _frame = [];

    [Params(SerializeType.Json, SerializeType.RocketMq)]
    public SerializeType Format { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        RemotingCommand command = new() { Code = RequestCode.SendMessageV2, Opaque = 7, SerializeType = Format, Body = new byte[1024] };
        command.Set("a", "producerGroup").Set("b", "TopicTest").Set("c", "TBW102").Set("d", 8).Set("e", 3).Set("f", 0).Set("g", 1731999999000).Set("h", 0)
            .Set("i", "UNIQ_KEY\u00010A010209126718B4AAC2000186A00000\u0002WAIT\u0001true\u0002TAGS\u0001TagA").Set("j", 0).Set("k", false).Set("m", false).Set("n", "broker-a");
        ArrayBufferWriter<byte> written = new();
        RemotingCommandCodec.Write(command, written);
        _frame = written.WrittenSpan.ToArray();
    }

    [Benchmark(Baseline = true)]
    public long ReadInPlace()
    {
        SendMessageRequestHeader header = SendMessageRequestHeader.Read(RequestFrame.Parse(_frame), _scratch);
        return header.BornTimestamp + header.Properties.Length;
    }

    [Benchmark]
    public int ReadIntoCommand() => RequestFrame.Parse(_frame).ToCommand().ExtFields!.Count;

    [Benchmark]
    public int WriteReply()
    {
        ResponseFrameWriter writer = new(_destination, Format, ResponseCode.Success, 7, MqVersion.V533);
        writer.Add("msgId"u8, "0A01020300002A9F0000000000140418"u8);
        writer.Add("queueId"u8, 3);
        writer.Add("queueOffset"u8, 1_234_567);
        writer.Add("transactionId"u8, "0A010209126718B4AAC2000186A00000"u8);
        return writer.Complete(0);
    }
}
