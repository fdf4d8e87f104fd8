namespace RocketOps.Cli.Output;

/// <summary>A column of a listing, named as the field of its JSON.</summary>
/// <param name="Name">In camel case; a table shows it as MIN-OFFSET.</param>
/// <param name="IsWide">Only in wide tables; always in JSON and YAML.</param>
/// <param name="IsForPeople">Only in tables: programs have another field that says the same.</param>
internal sealed record Column(string Name, bool IsWide = false, bool IsForPeople = false)
{
    public string Title => string.Concat(Name.Select((letter, index) => char.IsUpper(letter) && index > 0 ? $"-{letter}" : $"{char.ToUpperInvariant(letter)}"));

    public static implicit operator Column(string name) => new(name);

    public static Column ForPeople(string name) => new(name, IsForPeople: true);

    public static Column Wide(string name) => new(name, IsWide: true);
}
