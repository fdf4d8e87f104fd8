using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace RocketOps.NameServer.Tests.Support;

/// <summary>Registration bodies as Java brokers write them.</summary>
internal static class Bodies
{
    public const string Version = "{\"counter\":3,\"stateVersion\":0,\"timestamp\":1731999999000}";

    public static string Json(params string[] topics) =>
        "{\"filterServerList\":[],\"topicConfigSerializeWrapper\":{\"dataVersion\":" + Version + ",\"mappingDataVersion\":{\"counter\":0,\"stateVersion\":0,\"timestamp\":1},\"topicConfigTable\":{"
        + string.Join(',', topics.Select(static topic =>
            $"\"{topic}\":{{\"attributes\":{{}},\"order\":false,\"perm\":6,\"readQueueNums\":8,\"topicFilterType\":\"SINGLE_TAG\",\"topicName\":\"{topic}\",\"topicSysFlag\":0,\"writeQueueNums\":8}}"))
        + "},\"topicQueueMappingDetailMap\":{},\"topicQueueMappingInfoMap\":{\"S\":{\"bname\":\"b\",\"currIdMap\":{0:0},\"topic\":\"S\"}}}}";

    public static byte[] Compressed(params string[] topics)
    {
        using MemoryStream plain = new();
        Block(Version);
        Number(topics.Length);
        foreach (string topic in topics)
        {
            Block($"{topic} 8 8 6 SINGLE_TAG {{\"+message.type\":\"NORMAL\"}}");
        }

        Block("[]");
        Number(1);
        Block("{\"bname\":\"b\",\"currIdMap\":{0:0},\"topic\":\"S\"}");
        return Zlib(plain.ToArray());

        void Number(int value)
        {
            byte[] bytes = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            plain.Write(bytes);
        }

        void Block(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            Number(bytes.Length);
            plain.Write(bytes);
        }
    }

    public static byte[] Zlib(ReadOnlySpan<byte> plain)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(plain);
        }

        return packed.ToArray();
    }
}
