using System.Buffers;
using System.Globalization;
using System.Text;
using RocketOps.Broker.Configuration;
using RocketOps.Broker.Sending;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Hosting;

/// <summary>
/// The largest body that a store has room for: what it ever took messages under, whatever <c>maxMessageSize</c> says today. A message that waits, or is given back, is stored once more, and must find the room it found
/// when it came. A limit beyond <see cref="AlwaysStorable"/> is noted in <c>config/largestBody</c>, a file of ours: who lowers it again pays for the memory until the file is removed.
/// </summary>
internal static class LargestBody
{
    /// <summary>A body, in bytes, of which two have room in the 16 MiB that a store keeps in memory in any case.</summary>
    public const int AlwaysStorable = (6 * 1024 * 1024) - (64 * 1024);

    /// <summary>Notes the present limit where it is the largest so far, durably: before the store takes the first message under it.</summary>
    /// <returns>Bytes.</returns>
    /// <exception cref="StoreIOException">The file cannot be read or written.</exception>
    public static int Settle(BrokerOptions options, SendOptions sends, IStoreFileSystem files)
    {
        ConfigFile file = new(files, Path.Combine(options.StoreRoot, "config", "largestBody"));
        int noted = 0;
        if (file.Read(content => TryRead(content, out noted)) is null)
        {
            noted = 0;
        }

        int limit = sends.MaxMessageSize;
        if (limit > AlwaysStorable && limit > noted)
        {
            file.Write(output => output.Write(Encoding.ASCII.GetBytes(limit.ToString(CultureInfo.InvariantCulture))));
        }

        return Math.Max(Math.Max(limit, AlwaysStorable), noted);
    }

    /// <summary>No more than any limit could ever be: a damaged file must not cost all of the memory.</summary>
    private static bool TryRead(byte[] content, out int noted)
    {
        bool isOne = int.TryParse(content, NumberStyles.None, CultureInfo.InvariantCulture, out noted) && noted <= SendOptions.LargestMaxMessageSize;
        noted = isOne ? noted : 0;
        return isOne;
    }
}
