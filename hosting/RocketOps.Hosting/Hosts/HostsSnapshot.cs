using System.Net;

namespace RocketOps.Hosting.Hosts;

/// <summary>One reading of a hosts file: name to addresses, comments after <c>#</c>, names compared without case.</summary>
internal sealed class HostsSnapshot
{
    public static readonly HostsSnapshot Empty = new([], default, -1);

    private readonly Dictionary<string, IPAddress[]> _addresses;

    private HostsSnapshot(Dictionary<string, IPAddress[]> addresses, DateTime lastWrite, long length)
    {
        _addresses = addresses;
        LastWrite = lastWrite;
        Length = length;
    }

    public DateTime LastWrite { get; }

    public long Length { get; }

    public static HostsSnapshot Parse(string text, DateTime lastWrite, long length)
    {
        Dictionary<string, List<IPAddress>> found = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !IPAddress.TryParse(words[0], out IPAddress? address))
            {
                continue;
            }

            foreach (string name in words.AsSpan(1))
            {
                if (!found.TryGetValue(name, out List<IPAddress>? addresses))
                {
                    found[name] = addresses = [];
                }

                if (!addresses.Contains(address))
                {
                    addresses.Add(address);
                }
            }
        }

        return new HostsSnapshot(found.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray(), StringComparer.OrdinalIgnoreCase), lastWrite, length);
    }

    public bool TryGet(string name, out IPAddress[] addresses) => _addresses.TryGetValue(name, out addresses!);
}
