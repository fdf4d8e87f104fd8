using System.Text.Json;
using System.Text.Json.Nodes;
using RocketOps.Cli.Running;
using RocketOps.Hosting.Files;

namespace RocketOps.Cli.Contexts;

/// <summary>
/// The clusters that a user has given names, and the one that a command means which is told none: <c>contexts.json</c> in <c>$XDG_CONFIG_HOME/rocketops</c>, or in
/// <c>~/.config/rocketops</c>.
/// </summary>
/// <param name="Path">The file, which need not exist; null where the user has no place for it.</param>
/// <param name="Current">One of the names, or null.</param>
/// <param name="NameServers">Addresses by name, in the order of names.</param>
internal sealed record ContextFile(string? Path, string? Current, SortedDictionary<string, string> NameServers)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Throws <see cref="CommandFailedException"/> when the file is none of ours.</summary>
    public static ContextFile OfThisUser()
    {
        string? root = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
        if (string.IsNullOrEmpty(root))
        {
            string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            root = home.Length == 0 ? null : System.IO.Path.Combine(home, ".config");
        }

        return root is null ? new ContextFile(null, null, new(StringComparer.Ordinal)) : Read(System.IO.Path.Combine(root, "rocketops", "contexts.json"));
    }

    public static ContextFile Read(string path)
    {
        SortedDictionary<string, string> named = new(StringComparer.Ordinal);
        if (!File.Exists(path))
        {
            return new ContextFile(path, null, named);
        }

        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllText(path));
            foreach (JsonProperty context in json.RootElement.GetProperty("contexts").EnumerateObject())
            {
                named[context.Name] = context.Value.GetString()!;
            }

            string? current = json.RootElement.GetProperty("current").GetString();
            return new ContextFile(path, current is not null && named.ContainsKey(current) ? current : null, named);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new CommandFailedException($"{path} is no file of contexts. Move it aside; \"rocketops context set\" writes a new one.", malformed);
        }
    }

    /// <summary>The addresses of a context. Throws <see cref="CommandFailedException"/> naming the nearest one when there is none of the name.</summary>
    public string Of(string name) =>
        NameServers.TryGetValue(name, out string? addresses) ? addresses : throw new CommandFailedException($"there is no context {name}.{NearestWord.Hint(name, NameServers.Keys)}");

    public async Task WriteAsync()
    {
        if (Path is null)
        {
            throw new CommandFailedException("this user has no folder for configuration: set XDG_CONFIG_HOME.");
        }

        JsonObject contexts = [];
        foreach ((string name, string addresses) in NameServers)
        {
            contexts[name] = addresses;
        }

        JsonObject root = new() { ["current"] = Current, ["contexts"] = contexts };
        await new DurableFile(Path).WriteAsync(System.Text.Encoding.UTF8.GetBytes(root.ToJsonString(Json)));
    }
}
