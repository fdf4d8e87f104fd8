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

    public static FieldSet Of(params ReadOnlySpan<string[]> paths)
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
        if (path.Length == 0)
        {
            return;
        }

        FieldSet set = this;
        foreach (string element in path[..^1])
        {
            if (!set._children.TryGetValue(element, out FieldSet? child))
            {
                child = new FieldSet();
                set._children.Add(element, child);
            }

            set = child;
        }

        set._members.Add(path[^1]);
    }

    /// <summary>Whether the element itself, directly below this node, is in the set.</summary>
    public bool HasMember(string element) => _members.Contains(element);

    public FieldSet? Below(string element) => _children.GetValueOrDefault(element);

    public FieldSet Union(FieldSet other)
    {
        FieldSet result = new();
        result._members.UnionWith(_members);
        result._members.UnionWith(other._members);
        foreach ((string element, FieldSet child) in _children)
        {
            result._children[element] = other._children.TryGetValue(element, out FieldSet? both) ? child.Union(both) : child;
        }

        foreach ((string element, FieldSet child) in other._children)
        {
            result._children.TryAdd(element, child);
        }

        return result;
    }

    public FieldSet Intersection(FieldSet other)
    {
        FieldSet result = new();
        result._members.UnionWith(_members);
        result._members.IntersectWith(other._members);
        foreach ((string element, FieldSet child) in _children)
        {
            if (other._children.TryGetValue(element, out FieldSet? both) && child.Intersection(both) is { IsEmpty: false } common)
            {
                result._children.Add(element, common);
            }
        }

        return result;
    }

    public FieldSet Difference(FieldSet other)
    {
        FieldSet result = new();
        result._members.UnionWith(_members);
        result._members.ExceptWith(other._members);
        foreach ((string element, FieldSet child) in _children)
        {
            FieldSet rest = other._children.TryGetValue(element, out FieldSet? both) ? child.Difference(both) : child;
            if (!rest.IsEmpty)
            {
                result._children.Add(element, rest);
            }
        }

        return result;
    }

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
            SchemaNode below = SchemaNode.Untyped;
            if (element.StartsWith("f:", StringComparison.Ordinal))
            {
                string name = element[2..];
                if (schema.Properties.TryGetValue(name, out SchemaNode? property))
                {
                    result._members.Add(element);
                    below = property;
                }
                else
                {
                    below = schema.Member(name) ?? SchemaNode.Untyped;
                }
            }
            else if (schema.Items is { } items)
            {
                below = items;
            }

            result._children.Add(element, child.EnsureNamedFieldsAreMembers(below));
        }

        return result;
    }

    /// <summary>All paths, at each level first the members, then what is below.</summary>
    public IEnumerable<IReadOnlyList<string>> Paths() => Paths([]);

    public JsonObject ToFieldsV1()
    {
        JsonObject result = [];
        foreach (string element in _members)
        {
            JsonObject content = [];
            if (_children.TryGetValue(element, out FieldSet? child))
            {
                content = child.ToFieldsV1();
                content.Insert(0, ".", new JsonObject());
            }

            result[element] = content;
        }

        foreach ((string element, FieldSet child) in _children)
        {
            if (!_members.Contains(element))
            {
                result[element] = child.ToFieldsV1();
            }
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

            if (content.Count == 0 || content.ContainsKey("."))
            {
                set._members.Add(element);
            }

            if (FromFieldsV1(content) is { IsEmpty: false } child)
            {
                set._children[element] = child;
            }
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
        if (key.Length < 3 || key[1] != ':' || key[0] is not ('f' or 'k' or 'v' or 'i'))
        {
            return key.StartsWith("f:", StringComparison.Ordinal) ? key : throw new FormatException($"fieldsV1: unknown path element {key}");
        }

        if (key[0] is 'f' or 'i')
        {
            return key;
        }

        JsonNode? value = JsonReading.Parse(System.Text.Encoding.UTF8.GetBytes(key[2..]));
        if (key[0] == 'v')
        {
            return "v:" + value.ToText();
        }

        return value is JsonObject parts ? TypedValues.KeyElement(parts) : throw new FormatException($"fieldsV1: {key} holds no object");
    }

    private IEnumerable<IReadOnlyList<string>> Paths(IReadOnlyList<string> prefix)
    {
        foreach (string element in _members)
        {
            yield return [.. prefix, element];
        }

        foreach ((string element, FieldSet child) in _children)
        {
            foreach (IReadOnlyList<string> path in child.Paths([.. prefix, element]))
            {
                yield return path;
            }
        }
    }
}
