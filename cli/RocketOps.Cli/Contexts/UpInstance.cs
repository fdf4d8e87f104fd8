using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Kubelet.Processes;

namespace RocketOps.Cli.Contexts;

/// <summary>
/// A <c>rocketops up</c> that runs now, as it told other programs of the same user: one file per process in
/// <c>$XDG_RUNTIME_DIR/rocketops</c>, or <c>~/.local/state/rocketops</c> where there is none.
/// </summary>
/// <param name="DataDirectory">Its data folder.</param>
/// <param name="Clusters">Its clusters by namespace/name, each with the name servers' address.</param>
/// <param name="IsStarting">Not all of it has been ready yet.</param>
internal sealed record UpInstance(string DataDirectory, IReadOnlyList<(string Cluster, string Address)> Clusters, bool IsStarting = false)
{
    private const string Starting = "starting";

    // A few dozen bytes per cluster: a larger file is none of ours.
    private const long MaxFileBytes = 256 * 1024;

    /// <summary>The folder of the files; null where the user has no place for such things.</summary>
    public static string? StateFolder()
    {
        string? root = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        if (string.IsNullOrEmpty(root) || !Directory.Exists(root))
        {
            root = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state : HomeState();
        }

        return root is null ? null : Path.Combine(root, "rocketops");
    }

    /// <summary>Those whose process still runs. Files of processes that ended, and files that are none, are passed over.</summary>
    public static IReadOnlyList<UpInstance> FindAll(string? folder)
    {
        if (folder is null || !Directory.Exists(folder))
        {
            return [];
        }

        try
        {
            return [.. Directory.EnumerateFiles(folder, "up-*.json").Order(StringComparer.Ordinal).Select(Read).OfType<UpInstance>()];
        }
        catch (Exception denied) when (denied is IOException or UnauthorizedAccessException)
        {
            // Another user's folder has nothing for us.
            return [];
        }
    }

    /// <summary>The text of a file that says what <paramref name="up"/> says, for the process <paramref name="identity"/>.</summary>
    public static string Write(UpInstance up, ProcessIdentity identity) => new JsonObject
    {
        ["pid"] = identity.Id,
        ["started"] = identity.StartMark,
        ["data"] = up.DataDirectory,
        ["state"] = up.IsStarting ? Starting : "running",
        ["clusters"] = new JsonArray([.. up.Clusters.Select(cluster => (JsonNode)new JsonObject { ["name"] = cluster.Cluster, ["nameServers"] = cluster.Address })]),
    }.ToJsonString();

    private static UpInstance? Read(string file)
    {
        try
        {
            if (new FileInfo(file).Length > MaxFileBytes)
            {
                return null;
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(file));
            JsonElement root = document.RootElement;
            if (!new ProcessIdentity(root.GetProperty("pid").GetInt32(), root.GetProperty("started").GetString() ?? "").IsRunning)
            {
                return null;
            }

            return new UpInstance(
                root.GetProperty("data").GetString() ?? "",
                [.. root.GetProperty("clusters").EnumerateArray().Select(cluster => (cluster.GetProperty("name").GetString() ?? "", cluster.GetProperty("nameServers").GetString() ?? ""))],
                root.TryGetProperty("state", out JsonElement state) && state.ValueEquals(Starting));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // Gone meanwhile, or no file of ours.
            return null;
        }
    }

    private static string? HomeState()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length == 0 ? null : Path.Combine(home, ".local", "state");
    }
}
