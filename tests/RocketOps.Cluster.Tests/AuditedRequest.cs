using System.Text.Json;

namespace RocketOps.Cluster.Tests;

/// <summary>What the API server was asked, as its audit log has it. The log is there where the deep ring is asked for.</summary>
internal sealed record AuditedRequest(DateTimeOffset At, string User, string Verb)
{
    /// <summary>Requests about one Lease that were answered within a time; a watch counts when it ends.</summary>
    public static async Task<IReadOnlyList<AuditedRequest>> AboutLeaseAsync(string name, DateTimeOffset from, DateTimeOffset to)
    {
        List<AuditedRequest> found = [];
        await using FileStream log = new(KubeCluster.AuditLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using StreamReader lines = new(log);
        while (await lines.ReadLineAsync() is { } line)
        {
            if (line.Contains("\"leases\"", StringComparison.Ordinal) && line.Contains($"\"{name}\"", StringComparison.Ordinal) && line.EndsWith('}'))
            {
                using JsonDocument entry = JsonDocument.Parse(line);
                JsonElement root = entry.RootElement;
                DateTimeOffset at = root.GetProperty("stageTimestamp").GetDateTimeOffset();
                if (root.GetProperty("stage").GetString() == "ResponseComplete" && at >= from && at < to)
                {
                    found.Add(new AuditedRequest(at, root.GetProperty("user").GetProperty("username").GetString()!, root.GetProperty("verb").GetString()!));
                }
            }
        }

        return found;
    }
}
