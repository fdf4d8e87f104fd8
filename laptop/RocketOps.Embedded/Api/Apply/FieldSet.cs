using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;
using RocketOps.Embedded.Api.Schema;

namespace RocketOps.Embedded.Api.Apply;

/// <summary>
/// A set of paths of an object, as a tree. Path elements are the keys of FieldsV1 themselves: <c>f:name</c>, <c>k:{"name":"tcp"}</c>, <c>v:"x"</c>
/// (reference: embedded-api.md §8.1). Operations follow sigs.k8s.io/structured-merge-diff's fieldpath.Set and return new sets.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedSet<string> _members = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, FieldSet> _children = new(StringComparer.Ordinal);

    public bool IsEmpty => _members.Count == 0 && _children.Count == 0;

    public static FieldSet Of(IEnumerable<string[]> paths)
    {
        FieldSet set = new();
        foreach (string[] path in paths)
        {
            set.Insert(path);
        }

        return set;
    }

    public static string Field(string name) => "f:" + name;

    /// <summary>Adds a path. Only for sets under construction.</summary>
    public void Insert(ReadOnlySpan<string> path)
    {
        if (path is [string member])
        {
            _members.Add(member);
        }
        else if (path.Length > 1)
        {
            if (!_children.TryGetValue(path[0], out FieldSet? child))
            {
                _children.Add(path[0], child = new FieldSet());
            }

            child.Insert(path[1..]);
        }
    }

    /// <summary>Adds what is at and below an element. Only for sets under construction.</summary>
    public void Put(string element, bool isMember, FieldSet below)
    {
        if (isMember)
        {
            _members.Add(element);
        }

        if (!below.IsEmpty)
        {
            _children[element] = Below(element)?.Union(below) ?? below;
        }
    }

    /// <summary>Tells whether the element itself, directly below this node, is in the set.</summary>
    public bool HasMember(string element) => _members.Contains(element);

    public FieldSet? Below(string element) => _children.GetValueOrDefault(element);

    public FieldSet Union(FieldSet other) => Combine(this, other, (mine, theirs) => mine || theirs);

    public FieldSet Intersection(FieldSet other) => Combine(this, other, (mine, theirs) => mine && theirs);

    public FieldSet Difference(FieldSet other) => Combine(this, other, (mine, theirs) => mine && !theirs);

    /// <summary>
    /// The set with named struct fields made members wherever something below them is: <c>spec.config.a</c> then also holds <c>spec</c> and
    /// <c>spec.config</c>. Map keys are data and are left as they are.
    /// </summary>
    public FieldSet EnsureNamedFieldsAreMembers(SchemaNode schema)
    {
        FieldSet result = new();
        result._members.UnionWith(_members);
        foreach ((string element, FieldSet child) in _children)
        {
            string? name = element.StartsWith("f:", StringComparison.Ordinal) ? element[2..] : null;
            bool isNamed = name is not null && schema.Properties.ContainsKey(name);
            result.Put(element, isNamed, child.EnsureNamedFieldsAreMembers((name is null ? schema.Items : schema.Member(name)) ?? SchemaNode.Untyped));
        }

        return result;
    }

    /// <summary>All paths, at each level first the members, then what is below.</summary>
    public IEnumerable<IReadOnlyList<string>> Paths() => Paths([]);

    public JsonObject ToFieldsV1()
    {
        JsonObject result = [];
        foreach (string element in _members.Concat(_children.Keys.Where(element => !HasMember(element))))
        {
            JsonObject content = Below(element)?.ToFieldsV1() ?? [];
            if (HasMember(element) && content.Count > 0)
            {
                content.Insert(0, ".", new JsonObject());
            }

            result[element] = content;
        }

        return result;
    }

    /// <exception cref="FormatException">A key that is no path element.</exception>
    public static FieldSet FromFieldsV1(JsonObject fields)
    {
        FieldSet set = new();
        foreach ((string key, JsonNode? value) in fields)
        {
            if (key == ".")
            {
                continue;
            }

            string element = Canonical(key);
            if (value is not JsonObject content)
            {
                throw new FormatException($"fieldsV1: {key} is not an object");
            }

            set.Put(element, content.Count == 0 || content.ContainsKey("."), FromFieldsV1(content));
        }

        return set;
    }

    public bool SameAs(FieldSet other) =>
        _members.SetEquals(other._members)
        && _children.Count == other._children.Count
        && _children.All(c => other._children.TryGetValue(c.Key, out FieldSet? child) && c.Value.SameAs(child));

    /// <summary>A path as error messages show it: <c>.spec.listeners[name="tcp"].port</c>.</summary>
    public static string Show(IEnumerable<string> path)
    {
        System.Text.StringBuilder text = new();
        foreach (string element in path)
        {
            switch (element[0])
            {
                case 'f':
                    text.Append('.').Append(element.AsSpan(2));
                    break;
                case 'k':
                    JsonObject key = (JsonObject)JsonReading.Parse(System.Text.Encoding.UTF8.GetBytes(element[2..]))!;
                    text.Append('[').AppendJoin(',', key.Select(k => $"{k.Key}={k.Value.ToText()}")).Append(']');
                    break;
                case 'v':
                    text.Append("[=").Append(element.AsSpan(2)).Append(']');
                    break;
                default:
                    text.Append('[').Append(element.AsSpan(2)).Append(']');
                    break;
            }
        }

        return text.ToString();
    }

    private static string Canonical(string key)
    {
        if (key is ['f', ':', ..] or ['i', ':', _, ..])
        {
            return key;
        }

        JsonNode? value = key is ['k' or 'v', ':', _, ..]
            ? JsonReading.Parse(System.Text.Encoding.UTF8.GetBytes(key[2..]))
            : throw new FormatException($"fieldsV1: unknown path element {key}");
        return key[0] == 'v' ? "v:" + value.ToText()
            : value is JsonObject parts ? TypedValues.KeyElement(parts)
            : throw new FormatException($"fieldsV1: {key} holds no object");
    }

    private static FieldSet Combine(FieldSet mine, FieldSet theirs, Func<bool, bool, bool> keeps)
    {
        FieldSet result = new();
        result._members.UnionWith(mine._members.Concat(theirs._members).Where(element => keeps(mine.HasMember(element), theirs.HasMember(element))));
        foreach (string element in mine._children.Keys.Union(theirs._children.Keys))
        {
            FieldSet below = (mine.Below(element), theirs.Below(element)) switch
            {
                ({ } left, { } right) => Combine(left, right, keeps),
                ({ } left, null) => keeps(true, false) ? left : new FieldSet(),
                (_, { } right) => keeps(false, true) ? right : new FieldSet(),
                _ => new FieldSet(),
            };
            result.Put(element, isMember: false, below);
        }

        return result;
    }

    private IEnumerable<IReadOnlyList<string>> Paths(IReadOnlyList<string> prefix) =>
        _members.Select(IReadOnlyList<string> (element) => [.. prefix, element]).Concat(_children.SelectMany(child => child.Value.Paths([.. prefix, child.Key])));
}
