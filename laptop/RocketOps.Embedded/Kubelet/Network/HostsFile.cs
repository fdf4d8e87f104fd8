using System.Text;
using RocketOps.Hosting.Files;

namespace RocketOps.Embedded.Kubelet.Network;

/// <summary>
/// Answers of cluster DNS as a hosts file: one line per address, a name with several addresses on several lines. Readers see it whole.
/// </summary>
internal sealed class HostsFile(string path)
{
    private string? _written;

    public string Path => path;

    /// <summary>Writes the entries if they differ from what the file holds.</summary>
    public void Write(IEnumerable<HostsEntry> entries)
    {
        StringBuilder text = new("# Written by rocketops up: names of services and pods. Changes are overwritten.\n");
        foreach (HostsEntry entry in entries.OrderBy(entry => entry.Address, StringComparer.Ordinal).ThenBy(entry => entry.Name, StringComparer.Ordinal))
        {
            text.Append(entry.Address).Append(' ').Append(entry.Name).Append('\n');
        }

        string content = text.ToString();
        if (content == _written)
        {
            return;
        }

        WholeFile.Write(path, content);
        _written = content;
    }
}

internal readonly record struct HostsEntry(string Address, string Name);
