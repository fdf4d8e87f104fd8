namespace RocketOps.Hosting.Properties;

/// <summary>The command line of a server: any number of <c>-c FILE</c>, flags, and <c>--key=value</c> or <c>--key value</c> for any property.</summary>
public sealed class PropertyArguments
{
    private PropertyArguments(IReadOnlyList<string> configFiles, IReadOnlySet<string> flags, IReadOnlyList<PropertyEntry> entries, IReadOnlyList<PropertyProblem> problems)
    {
        ConfigFiles = configFiles;
        Flags = flags;
        Entries = entries;
        Problems = problems;
    }

    /// <summary>Arguments of <c>-c</c> or <c>--configFile</c>, in the order given: a later file goes over an earlier one.</summary>
    public IReadOnlyList<string> ConfigFiles { get; }

    /// <summary>The file that goes over the others, in which changes of the running configuration are kept; null without a file.</summary>
    public string? ConfigFile => ConfigFiles is [.., { } last] ? last : null;

    /// <summary>The flags that were given, as listed by the caller: <c>-p</c>, <c>-h</c>.</summary>
    public IReadOnlySet<string> Flags { get; }

    public IReadOnlyList<PropertyEntry> Entries { get; }

    public IReadOnlyList<PropertyProblem> Problems { get; }

    /// <summary>Reads arguments.</summary>
    /// <param name="arguments">Arguments given to Main.</param>
    /// <param name="flags">Options without a value, with dashes: <c>-p</c>.</param>
    /// <param name="aliases">Short options that set a property: <c>-n</c> → <c>namesrvAddr</c>.</param>
    public static PropertyArguments Parse(IReadOnlyList<string> arguments, IReadOnlySet<string> flags, IReadOnlyDictionary<string, string> aliases)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(flags);
        ArgumentNullException.ThrowIfNull(aliases);
        List<string> configFiles = [];
        HashSet<string> given = new(StringComparer.Ordinal);
        List<PropertyEntry> entries = [];
        List<PropertyProblem> problems = [];
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            PropertyOrigin origin = PropertyOrigin.Argument(argument);
            if (flags.Contains(argument))
            {
                given.Add(argument);
                continue;
            }

            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            string option = equals < 0 ? argument : argument[..equals];
            string? key = option switch
            {
                "-c" or "--configFile" => string.Empty,
                _ when aliases.TryGetValue(option, out string? alias) => alias,
                _ when option.StartsWith("--", StringComparison.Ordinal) && option.Length > 2 => option[2..],
                _ => null,
            };
            if (key is null)
            {
                problems.Add(new PropertyProblem(origin, null, "not understood; properties are given as --key=value, the file as -c FILE"));
                continue;
            }

            string value;
            if (equals >= 0)
            {
                value = argument[(equals + 1)..];
            }
            else if (i + 1 < arguments.Count)
            {
                value = arguments[++i];
            }
            else
            {
                problems.Add(new PropertyProblem(origin, null, "a value is missing"));
                continue;
            }

            if (key.Length == 0)
            {
                configFiles.Add(value);
            }
            else
            {
                entries.Add(new PropertyEntry(key, value, origin));
            }
        }

        return new PropertyArguments(configFiles, given, entries, problems);
    }
}
